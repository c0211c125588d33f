import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileRow } from "../expressions/compile-row.js";
import { bruteForce } from "../offline/testing/brute-force.js";
import { base, close, columns, definitions, event, hour, settings, show } from "../offline/testing/random-project.js";
import { projectWithEvents } from "../offline/testing/test-project.js";
import type { FeatureView } from "../registry/bound-project.js";
import { requireService } from "../registry/find.js";
import { storedViews } from "../serving/feature-log-columns.js";
import type { Row, Value } from "../values/value.js";
import { seenView, visibleAt, type SourceRow } from "./seen-view.js";

const keys: Row = { k: 1n, s: "a" };

/** The source's rows of one key, as the query of skew gives them. */
function rowsOf(view: FeatureView, events: readonly Row[]): { readonly row: Row; readonly seen: SourceRow }[] {
  const names = columns.map(({ name }) => name);
  const compute = compileRow(seenView(view).expressions, names);
  return events
    .flatMap((row) => {
      const at = row["at"] ?? null;
      const known = view.source.knownAt === undefined ? at : (row["known"] ?? null);
      if (at === null || known === null || !view.keys.every(({ key, column }) => row[column] === keys[key])) return [];
      const values: Value[] = [];
      compute(
        names.map((name) => row[name] ?? null),
        values,
      );
      // The columns are timestamps.
      const moments = { event: at as bigint, known: known as bigint, received: null };
      return [{ row, seen: { ...moments, tie: view.source.tieBreak === undefined ? known : (row["tie"] ?? null), values } }];
    })
    .sort((a, b) => (a.seen.event < b.seen.event ? -1 : a.seen.event > b.seen.event ? 1 : 0));
}

describe("seenView", () => {
  it("equals brute force over any of the rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(event, { maxLength: 60, size: "max" }),
        fc.bigInt({ min: -1n, max: 30n }),
        fc.bigInt({ min: 0n, max: 30n }),
        async (choice, events, markHours, hours) => {
          const [mark, t] = [base + markHours * hour, base + hours * hour];
          const { project } = await projectWithEvents(definitions(choice), columns, []);
          for (const view of storedViews(requireService(project, "all"))) {
            const rows = rowsOf(view, events);
            const isThere = (row: SourceRow): boolean => visibleAt(row) <= mark;
            const there = rows.filter(({ seen }) => isThere(seen)).map(({ row }) => row);
            const expected = bruteForce(view, there, keys, t);
            const seen = seenView(view);
            const all = rows.map((one) => one.seen);
            for (const [index, { name }] of view.features.entries()) {
              const value = seen.at(all, t, isThere).values[index] ?? null;
              expect(close(value, expected[name] ?? null), `${view.name}.${name}: ${show(value)}`).toBe(true);
            }
            // Where no row that counts is refused, the value is that of all rows.
            if (seen.refused(all, t, isThere).length === 0) expect(seen.at(all, t, isThere)).toEqual(seen.at(all, t, () => true));
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
