import { readStreams, sourcesRead } from "../../streams/node/read-streams.js";
import type { Value } from "../../values/value.js";
import { stagedLabels } from "../labels.js";
import { pointInTimeQuery, type PlanFacts } from "../point-in-time-query.js";
import { resolveRequest, type PointInTimeRequest } from "../point-in-time-request.js";
import { macros } from "../visible-at.js";
import type { DuckdbSession } from "./duckdb-session.js";

/** The point-in-time rows of a few labels (`labels` is a relation in the session), in their order: their columns, then the features. */
export async function pointInTimeRows(
  session: DuckdbSession,
  request: PointInTimeRequest,
  labels: string,
  signal?: AbortSignal,
  facts?: PlanFacts,
): Promise<Value[][]> {
  await readStreams(session, sourcesRead(request.service));
  const query = pointInTimeQuery(resolveRequest(request), facts);
  await session.run(macros);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE _labels AS ${stagedLabels(labels, request.labelColumns, request.time)}`,
    signal,
  );
  for (const { sql } of query.setup) await session.run(sql, signal);
  return session.rows(query.sql, signal);
}
