import { rmSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FeatureView } from "../registry/bound-project.js";
import { requireService } from "../registry/find.js";
import type { Row, Value } from "../values/value.js";
import { openDuckdb, type DuckdbSession } from "./node/duckdb-session.js";
import { joinLabels, stageLabels } from "./node/join-labels.js";
import { pointInTimeRows } from "./node/point-in-time-rows.js";
import { stagedLabels } from "./labels.js";
import { noFacts, pointInTimeQuery } from "./point-in-time-query.js";
import { resolveRequest, type PointInTime } from "./point-in-time-request.js";
import { bruteForce } from "./testing/brute-force.js";
import { close, columns, definitions, event, label, labelColumns, settings, show } from "./testing/random-project.js";
import { projectWithEvents, writeParquet } from "./testing/test-project.js";
import { macros } from "./visible-at.js";

type Run = (session: DuckdbSession, request: PointInTime, labels: string) => Promise<Value[][]>;

/** Every way to the same rows. */
const ways: Readonly<Record<string, Run>> = {
  "without a look at the data": (session, request, labels) => pointInTimeRows(session, request, labels),
  "with the shape chosen by the data, in parts of 7 labels": async (session, request, labels) => {
    await stageLabels(session, labels, request.labelColumns, request.time);
    await joinLabels(session, request, "data/joined.parquet", { rowsOfPart: 7 });
    return session.rows("SELECT * FROM read_parquet('data/joined.parquet')");
  },
  "with frames wherever they can be used": async (session, request, labels) => {
    const hotKeys = new Map(request.views.map(({ view }) => [view.name, 1]));
    // Some keys are hot and some are not.
    const query = pointInTimeQuery(request, { ...noFacts, hotKeys, hotFrom: 4 });
    await session.run(macros);
    await session.run(`CREATE TEMP TABLE _labels AS ${stagedLabels(labels, request.labelColumns, request.time)}`);
    for (const { sql } of query.setup) await session.run(sql);
    return session.rows(query.sql);
  },
};

describe("point-in-time query equals brute force on random projects, rows and labels", () => {
  it.each(Object.entries(ways))("%s", async (_, run) => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(event, { maxLength: 150, size: "max" }),
        fc.array(label, { minLength: 1, maxLength: 40 }),
        async (choice, events, labels) => {
          const { root, project } = await projectWithEvents(definitions(choice), columns, events);
          const numbered = labels.map((row, index): Row => ({ ...row, n: BigInt(index) }));
          await writeParquet(root, "data/labels.parquet", labelColumns, numbered);
          await using session = await openDuckdb({ root });
          const request = resolveRequest({ service: requireService(project, "all"), labelColumns, time: "t" });
          const results = await run(session, request, "read_parquet('data/labels.parquet')");
          expect(results.map((row) => row[3])).toEqual(numbered.map(({ n }) => n));
          const views = [...project.views.values()].filter((view): view is FeatureView => view.kind === "feature_view");
          for (const [index, row] of numbered.entries()) {
            const expected = Object.assign(
              {},
              ...views.map((view) => bruteForce(view, events, row, row["t"] as bigint | null)),
            ) as Row;
            for (const [feature, { name }] of request.output.entries()) {
              const [got = null, want = null] = [results[index]?.[labelColumns.length + feature], expected[name]];
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
      { numRuns: 6 },
    );
  });
});
