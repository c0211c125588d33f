import { rmSync } from "node:fs";
import path from "node:path";

import { afterAll, describe, it } from "vitest";

import { oracle } from "./oracle.js";
import { scratchFolder } from "./project-folder.js";
import { readCases } from "./read-cases.js";
import { expectedTable, expectSame } from "./run-cases.js";
import { asText } from "./table-files.js";

const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true }));

/** The expectations were worked out by hand; the oracle works them out once more. */
describe.each(readCases())("the oracle agrees with $rule", ({ cases }) => {
  for (const one of cases) {
    const { expected } = one;
    if ("message" in expected) continue;
    it(one.id, async () => {
      const text = async (name: string, rows: typeof expected): ReturnType<typeof asText> =>
        asText(path.join(scratch, one.id, name), expectedTable(one, rows));
      expectSame(await text("oracle", oracle(one)), await text("hand", expected), Object.keys(one.labels.columns).length);
    });
  }
});
