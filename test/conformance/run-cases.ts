import { rmSync } from "node:fs";
import path from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { askedFeatures } from "./asked-features.js";
import type { Case, Table } from "./case.js";
import type { OfflineEngine } from "./offline-engine.js";
import { ask, scratchFolder } from "./project-folder.js";
import { readCases } from "./read-cases.js";
import { printedSeed, randomFrom, shuffled } from "./seeded-random.js";
import { asText, type TextTable } from "./table-files.js";

/**
 * Runs every case against an engine, as written, and once more with the sources' rows shuffled and the labels reversed:
 * no answer may depend on a file's order. A case marked `fails_today` must fail.
 */
export function runCases(
  engine: OfflineEngine,
  only: (one: Case) => boolean = () => true,
  { reorder = true }: { readonly reorder?: boolean } = {},
): void {
  const seed = printedSeed("Shuffled sources");
  const scratch = scratchFolder();
  afterAll(() => {
    process.chdir(path.dirname(scratch));
    rmSync(scratch, { recursive: true });
  });
  for (const { rule, cases } of readCases()) {
    const chosen = cases.filter(only);
    if (chosen.length === 0) continue;
    describe(rule, () => {
      for (const one of chosen)
        it(`${one.id} ${one.title}`, async () => {
          const run = async (): Promise<void> => {
            await check(engine, one, path.join(scratch, one.id, "written"));
            if (reorder) await check(engine, reordered(one, seed), path.join(scratch, one.id, "reordered"));
          };
          if (one.failsToday === undefined) return run();
          const passes = await run().then(
            () => true,
            () => false,
          );
          if (passes) throw new Error(`${one.id} passes: take its fails_today away. It said: ${one.failsToday}`);
        });
    });
  }
}

async function check(engine: OfflineEngine, one: Case, root: string): Promise<void> {
  const { expected } = one;
  if ("message" in expected) {
    const error: unknown = await ask(engine, one, root).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error, "it was not refused").toBeInstanceOf(Error);
    expect(error).toHaveProperty("message", expect.stringContaining(expected.message));
    expect(expected.codes).toContain((error as { code?: unknown }).code);
    return;
  }
  expectSame(
    await ask(engine, one, root),
    await asText(root, expectedTable(one, expected)),
    Object.keys(one.labels.columns).length,
  );
}

/** The expected rows under the labels' columns and the features', by the types that the definitions declare. */
export function expectedTable(one: Pick<Case, "labels" | "definitions" | "options">, rows: Table["rows"]): Table {
  const features = askedFeatures(one).map(({ output, feature }): [string, string] => [output, feature.type]);
  const width = Object.keys(one.labels.columns).length + features.length;
  const odd = rows.find((row) => row.length !== width);
  if (odd !== undefined) throw new Error(`The row ${odd.join(", ")} has ${odd.length} cells, not ${width}.`);
  return { columns: { ...one.labels.columns, ...Object.fromEntries(features) }, rows };
}

/** Columns, types and rows are the same; the labels' own cells exactly, floats among the features within 1e-9. */
export function expectSame(got: TextTable, wanted: TextTable, labelColumns: number): void {
  expect(got.columns).toEqual(wanted.columns);
  const floats = new Set(
    wanted.columns.flatMap(({ type }, index) => (type === "DOUBLE" && index >= labelColumns ? [index] : [])),
  );
  const rounded = got.rows.map((row, at) =>
    row.map((cell, index) => {
      const other = wanted.rows[at]?.[index] ?? null;
      return floats.has(index) && cell !== null && other !== null && near(Number(cell), Number(other)) ? other : cell;
    }),
  );
  expect(rounded).toEqual(wanted.rows);
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));

function reordered(one: Case, seed: number): Case {
  const random = randomFrom(seed);
  const sources = Object.entries(one.sources).map(([name, table]): [string, Table] => [
    name,
    { ...table, rows: shuffled(table.rows, random) },
  ]);
  return {
    ...one,
    sources: Object.fromEntries(sources),
    labels: { ...one.labels, rows: one.labels.rows.toReversed() },
    expected: "message" in one.expected ? one.expected : one.expected.toReversed(),
  };
}
