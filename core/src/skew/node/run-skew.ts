import path from "node:path";

import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import { toDuckdbType } from "../../offline/duckdb-type.js";
import { openDuckdb, type DuckdbSession } from "../../offline/node/duckdb-session.js";
import { pointInTimeRows } from "../../offline/node/point-in-time-rows.js";
import { identifier } from "../../offline/sql.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { featureLogColumns } from "../../serving/feature-log-columns.js";
import { toJsonValue } from "../../values/json-value.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import type { Value } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";
import { servedEquals } from "../compare-served.js";
import type { SkewExample, SkewReport } from "../skew-report.js";
import { readServedLog } from "./served-log.js";

export interface SkewOptions {
  readonly service: string;
  /** Folder of the log; default the project's own. */
  readonly log?: string;
  /** Only rows served at this moment (microseconds) or later. */
  readonly since?: bigint;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

const fixedColumns = 6;
const mostExamples = 5;

/** Recomputes what the log says was served, as training would compute it at the same moments, and compares. */
export async function runSkew(
  { root, project }: LoadedProject,
  { service: name, log, since, signal, progress = () => undefined }: SkewOptions,
): Promise<SkewReport> {
  const service = requireService(project, name);
  progress("Reading the served log");
  const served = await readServedLog(log ?? path.join(root, ".skewproof", "log"), service, since);
  const columns = featureLogColumns(service);
  const definitions = columns.findIndex((column) => column.name === "definitions");
  const rows = served.rows.filter((row) => row[definitions] === project.digest);

  progress(`Recomputing ${rows.length} served rows`);
  const recomputed = await recompute(
    root,
    service,
    columns.slice(0, fixedColumns + service.keys.length + service.request.length),
    rows,
    signal,
  );
  const differentRows = new Set<number>();
  const first = fixedColumns + service.keys.length + service.request.length;
  const features = service.features.map((feature, index) => {
    const equals = servedEquals(feature);
    const examples: SkewExample[] = [];
    let different = 0;
    for (const [at, row] of rows.entries()) {
      const [was = null, is = null] = [row[first + index], recomputed[at]?.[index]];
      if (equals(was, is)) continue;
      different++;
      differentRows.add(at);
      if (examples.length < mostExamples)
        examples.push(example(service, row, toJsonValue(was, feature.feature.type), toJsonValue(is, feature.feature.type)));
    }
    return { feature: feature.name, compared: rows.length, equal: rows.length - different, different, examples };
  });
  const moments = rows.map((row) => row[2] as bigint);
  return {
    service: service.name,
    compared: rows.length,
    equal: rows.length - differentRows.size,
    different: differentRows.size,
    unreadable: served.unreadable,
    otherDefinitions: served.rows.length - rows.length,
    asOf: moments.length === 0 ? null : printTimestamp(moments.reduce((a, b) => (a > b ? a : b))),
    features,
  };
}

function example(service: FeatureService, row: readonly Value[], served: unknown, recomputed: unknown): SkewExample {
  // The log's fixed columns: request_id string, row int64, at timestamp.
  const [requestId, number, at] = row as readonly [string, bigint, bigint, ...Value[]];
  const entities = Object.fromEntries(
    service.keys.map(({ name, type }, index) => [name, toJsonValue(row[fixedColumns + index] ?? null, type)]),
  );
  return { requestId, row: Number(number), at: printTimestamp(at), entities, served, recomputed };
}

/** The features of every row, in the rows' order, by the very query that makes training sets. */
async function recompute(
  root: string,
  service: FeatureService,
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  signal: AbortSignal | undefined,
): Promise<Value[][]> {
  if (rows.length === 0) return [];
  await using session = await openDuckdb({ root });
  await session.run(
    `CREATE TEMP TABLE _served (${columns.map(({ name, type }) => `${identifier(plain(name))} ${toDuckdbType(type)}`).join(", ")})`,
  );
  await insert(session, columns, rows, signal);
  const labelColumns = columns.map(({ name, type }) => ({ name: plain(name), type }));
  const results = await pointInTimeRows(session, { service, labelColumns, time: "_log_at" }, "_served", signal);
  return results.map((row) => row.slice(columns.length));
}

/** `entity.origin` is the label column `origin`; the log's own columns get names that no feature has. */
function plain(name: string): string {
  return /^(entity|request)\./.test(name) ? name.replace(/^\w+\./, "") : `_log_${name}`;
}

const insertRows = 1000;

async function insert(
  session: DuckdbSession,
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let start = 0; start < rows.length; start += insertRows) {
    const lines = rows
      .slice(start, start + insertRows)
      .map((row) => `(${columns.map(({ type }, index) => literalToDuckdb(row[index] ?? null, type)).join(", ")})`);
    await session.run(`INSERT INTO _served VALUES ${lines.join(", ")}`, signal);
  }
}
