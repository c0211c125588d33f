import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { stagedLabels } from "../../offline/labels.js";
import { pointInTimeQuery } from "../../offline/point-in-time-query.js";
import { resolveRequest } from "../../offline/point-in-time-request.js";
import { identifier } from "../../offline/sql.js";
import { macros } from "../../offline/visible-at.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { featureLogColumns } from "../../serving/feature-log-columns.js";
import type { LogHeader } from "../../serving/feature-log-header.js";
import { differsSql, toleranceOf } from "../compare-served.js";

export interface PartCounts {
  readonly rows: number;
  readonly different: number;
  readonly otherDefinitions: number;
  /** Microseconds; null of no rows. */
  readonly from: bigint | null;
  readonly until: bigint | null;
  /** By feature of the service. */
  readonly features: readonly { readonly compared: number; readonly different: number }[];
}

/**
 * Compares a part of the log (SQL of its rows) with what training would compute, by the very query that makes training
 * sets. Leaves `_wrong` in the session: the rows that differ, as `wrongColumns` names them, numbered by `_w`.
 */
export async function comparePart(
  session: DuckdbSession,
  service: FeatureService,
  headers: readonly LogHeader[],
  definitions: string,
  part: string,
  signal?: AbortSignal,
): Promise<PartCounts> {
  const run = (sql: string): Promise<void> => session.run(sql, signal);
  await run(macros);
  await run(`CREATE OR REPLACE TEMP TABLE _part AS SELECT *, row_number() OVER () AS _n FROM (${part})`);
  const given = [
    ...service.keys.map((column) => ({ ...column, from: `entity.${column.name}` })),
    ...service.request.map((column) => ({ ...column, from: `request.${column.name}` })),
  ];
  const labelColumns = [
    { name: "_log_n", type: { kind: "int64" } as const },
    { name: "_log_at", type: { kind: "timestamp" } as const },
    ...given.map(({ name, type }) => ({ name, type })),
  ];
  const named = [
    "_n AS _log_n",
    `"at" AS _log_at`,
    ...given.map(({ name, from }) => `${identifier(from)} AS ${identifier(name)}`),
  ];
  const labels = `(SELECT ${named.join(", ")} FROM _part)`;
  const query = pointInTimeQuery(resolveRequest({ service, labelColumns, time: "_log_at" }));
  await run(`CREATE OR REPLACE TEMP TABLE _labels AS ${stagedLabels(labels, labelColumns, "_log_at")}`);
  for (const { sql } of query.setup) await run(sql);
  const again = service.features.map(
    ({ name, feature }) => `CAST(${identifier(name)} AS ${toDuckdbType(feature.type)}) AS ${identifier(`again.${name}`)}`,
  );
  await run(`CREATE OR REPLACE TEMP TABLE _again AS SELECT ${["_log_n", ...again].join(", ")} FROM (${query.sql})`);

  const has = service.features.map(({ name }) => {
    const those = headers.flatMap(({ columns }, index) => (columns.some((one) => one.name === `feature.${name}`) ? [index] : []));
    return those.length === 0 ? "false" : `_h IN (${those.join(", ")})`;
  });
  const differs = service.features.map((feature, index) => {
    const [served, now] = [identifier(`feature.${feature.name}`), identifier(`again.${feature.name}`)];
    return `${has[index] ?? "false"} AND ${differsSql(served, now, feature.feature.type, toleranceOf(feature))} AS _d${index}`;
  });
  const any = service.features.map((_, index) => `_d${index}`).join(" OR ");
  // By key, so that rows that are explained together read few keys of the sources.
  const byKey = [...service.keys.map((column) => identifier(`entity.${column.name}`)), "_n"].join(", ");
  await run(
    `CREATE OR REPLACE TEMP TABLE _wrong AS SELECT *, row_number() OVER (ORDER BY ${byKey}) AS _w FROM (SELECT p.*, a.* EXCLUDE (_log_n), ${differs.join(", ")} FROM _part AS p JOIN _again AS a ON p._n = a._log_n) WHERE ${any}`,
  );
  const other = `definitions <> '${definitions}'`;
  const [[rows = 0n, from = null, until = null, others = 0n, ...compared] = []] = await session.rows(
    `SELECT ${["count(*)", `epoch_us(min("at"))`, `epoch_us(max("at"))`, `count(*) FILTER (${other})`, ...has.map((one) => `count(*) FILTER (${one})`)].join(", ")} FROM _part`,
    signal,
  );
  const [[different = 0n, ...byFeature] = []] = await session.rows(
    `SELECT ${["count(*)", ...service.features.map((_, index) => `count(*) FILTER (_d${index})`)].join(", ")} FROM _wrong`,
    signal,
  );
  return {
    rows: Number(rows),
    different: Number(different),
    otherDefinitions: Number(others),
    // The query's columns are int64.
    from: from as bigint | null,
    until: until as bigint | null,
    features: service.features.map((_, index) => ({
      compared: Number(compared[index] ?? 0n),
      different: Number(byFeature[index] ?? 0n),
    })),
  };
}

/** The columns of `_wrong` as they are read: those of the log, `_h`, then by feature what was recomputed and whether it differs. */
export function wrongColumns(service: FeatureService): string[] {
  return [
    ...featureLogColumns(service).map(({ name }) => identifier(name)),
    "_h",
    ...service.features.map(({ name }) => identifier(`again.${name}`)),
    ...service.features.map((_, index) => `_d${index}`),
  ];
}
