import { rmSync } from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { afterAll, expect, it } from "vitest";

import { duckdbEngine } from "./duckdb-engine.js";
import { oracle } from "./oracle.js";
import { ask, scratchFolder } from "./project-folder.js";
import { randomQuestion } from "./random-question.js";
import { expectedTable, expectSame } from "./run-cases.js";
import { printedSeed } from "./seeded-random.js";
import { asText } from "./table-files.js";

const labelRows = Number(process.env["SKEWPROOF_LABEL_ROWS"] ?? 10_000);
const scratch = scratchFolder();
afterAll(() => {
  process.chdir(path.dirname(scratch));
  rmSync(scratch, { recursive: true });
});

it(`DuckDB gives what the oracle gives, on random projects with ${labelRows} label rows in all`, async () => {
  const seed = printedSeed("Random projects");
  let [asked, projects] = [0, 0];
  for (let round = 0; asked < labelRows; round++)
    await fc.assert(
      fc.asyncProperty(randomQuestion, async (question) => {
        asked += question.labels.rows.length;
        const root = path.join(scratch, `project_${projects++}`);
        const got = await ask(duckdbEngine, question, root);
        const wanted = await asText(root, expectedTable(question, oracle(question)));
        expectSame(got, wanted, Object.keys(question.labels.columns).length);
      }),
      { seed: seed + round, numRuns: 10, interruptAfterTimeLimit: 60_000 },
    );
  expect(asked).toBeGreaterThanOrEqual(labelRows);
});
