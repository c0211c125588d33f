import type { FeatureView, Source } from "../registry/bound-project.js";
import { identifier } from "./sql.js";

/** SQL of a time column as TIMESTAMP; what no calendar of the years 0001 to 9999 holds (infinity too) is null, which is never. */
export function momentSql(sql: string): string {
  const moment = `CAST(${sql} AS TIMESTAMP)`;
  return `(CASE WHEN ${moment} >= TIMESTAMP '0001-01-01' AND ${moment} < TIMESTAMP '10000-01-01' THEN ${moment} END)`;
}

/** SQL of a source row's event time as TIMESTAMP; a source without one has always been there. */
export function eventTimeSql(source: Source): string {
  return source.eventTime === undefined ? "TIMESTAMP '0001-01-01'" : momentSql(identifier(source.eventTime));
}

/** SQL of the moment a source row became known: its event time where no `known_at` is declared. */
export function knownAtSql(source: Source): string {
  return source.knownAt === undefined ? eventTimeSql(source) : momentSql(identifier(source.knownAt));
}

/**
 * SQL of the moment a row becomes visible (contracts §3.1): the later of its event time and `known_at`.
 * Null, which is never, where either is null.
 */
export function visibleAtSql(source: Source): string {
  if (source.knownAt === undefined) return eventTimeSql(source);
  const [event, known] = [eventTimeSql(source), knownAtSql(source)];
  return `(CASE WHEN ${known} > ${event} THEN ${known} WHEN ${known} IS NOT NULL THEN ${event} END)`;
}

/** SQL of *c*: the moment from which a view is seen at `t` (contracts §3.1); `t` itself without `refresh`. */
export function cutOffSql(view: FeatureView, t: string): string {
  if (view.refresh === undefined) return t;
  const { every, delay } = view.refresh;
  // make_timestamp of a multiple of `every`; // truncates, so moments before the epoch are stepped down.
  const micros = `(epoch_us(${t}) - ${delay})`;
  return `make_timestamp(CAST(floor_divide(${micros}, ${every}) * ${every} AS BIGINT))`;
}

/** Macros that the SQL of this folder uses; run once per session. */
export const macros = "CREATE OR REPLACE TEMP MACRO floor_divide(a, b) AS (a // b) - CASE WHEN a % b < 0 THEN 1 ELSE 0 END";
