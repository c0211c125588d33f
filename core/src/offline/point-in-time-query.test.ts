import { rmSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FeatureView } from "../registry/bound-project.js";
import { requireService } from "../registry/find.js";
import type { Row } from "../values/value.js";
import { openDuckdb } from "./node/duckdb-session.js";
import { pointInTimeQuery } from "./point-in-time-query.js";
import { bruteForce } from "./testing/brute-force.js";
import { close, columns, definitions, event, label, labelColumns, settings, show } from "./testing/random-project.js";
import { projectWithEvents, writeParquet } from "./testing/test-project.js";
import { macros } from "./visible-at.js";

describe("point-in-time query", () => {
  it("equals brute force on random projects, rows and labels", async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(event, { maxLength: 150, size: "max" }),
        fc.array(label, { minLength: 1, maxLength: 40 }),
        async (choice, events, labels) => {
          const loaded = await projectWithEvents(definitions(choice), columns, events);
          const { root, project } = loaded;
          const numbered = labels.map((row, index): Row => ({ ...row, n: BigInt(index) }));
          await writeParquet(root, "data/labels.parquet", labelColumns, numbered);
          const service = requireService(project, "all");
          const query = pointInTimeQuery({ service, labels: "read_parquet('data/labels.parquet')", labelColumns, time: "t" });
          await using session = await openDuckdb({ root });
          await session.run(macros);
          for (const statement of query.setup) await session.run(statement);
          const results = await session.rows(query.sql);
          expect(results.map((row) => row[3])).toEqual(numbered.map(({ n }) => n));
          const views = [...project.views.values()].filter((view): view is FeatureView => view.kind === "feature_view");
          for (const [index, row] of numbered.entries()) {
            const expected = Object.assign(
              {},
              ...views.map((view) => bruteForce(view, events, row, row["t"] as bigint | null)),
            ) as Row;
            for (const [column, { name }] of query.columns.entries()) {
              if (column < labelColumns.length) continue;
              const [got = null, want = null] = [results[index]?.[column], expected[name]];
              if (!close(got, want))
                throw new Error(
                  `${name} for ${Object.entries(row)
                    .map(([one, value]) => `${one}=${show(value)}`)
                    .join(" ")}: query ${show(got)}, brute force ${show(want)}`,
                );
            }
          }
          rmSync(root, { recursive: true, force: true });
        },
      ),
      { numRuns: 25 },
    );
  });
});
