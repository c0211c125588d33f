import { expressionToDuckdb, featureToDuckdb, normalizedColumn } from "../expressions/to-duckdb.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import type { FeatureView, Source } from "../registry/bound-project.js";
import { toDuckdbType } from "./duckdb-type.js";
import { sourceRelation } from "./source-relation.js";
import { identifier } from "./sql.js";
import { eventTimeSql, knownAtSql, visibleAtSql } from "./visible-at.js";

/** Microseconds. */
export interface TimeRange {
  /** Rows whose event time lies outside `from` and `to` can matter to nobody. */
  readonly from?: bigint;
  readonly to?: bigint;
  /** Only rows that became visible later. */
  readonly visibleAfter?: bigint;
  /** Only rows visible by then. */
  readonly visibleUntil?: bigint;
}

/**
 * The source's rows with a non-null key that ever become visible: `_k0…` keys, `_e` event time, `_known`, `_v` the
 * moment it becomes visible, then `more`. The range is said of the source's own column, so that row groups outside it
 * are not read.
 */
export function sourceRows(view: FeatureView, more: readonly string[], range: TimeRange = {}): string {
  const { source } = view;
  const keys = view.keys.map(({ column, type }, index) => `${normalizedColumn(type, identifier(column))} AS _k${index}`);
  const columns = [
    ...keys,
    `${eventTimeSql(source)} AS _e`,
    `${knownAtSql(source)} AS _known`,
    `${visibleAtSql(source)} AS _v`,
    ...more,
  ];
  const event = source.eventTime === undefined ? undefined : `CAST(${identifier(source.eventTime)} AS TIMESTAMP)`;
  const conditions = [
    ...view.keys.map(({ column }) => `${identifier(column)} IS NOT NULL`),
    ...visible(source, range),
    ...(event === undefined || range.from === undefined ? [] : [`${event} >= make_timestamp(${range.from})`]),
    ...(event === undefined || range.to === undefined ? [] : [`${event} <= make_timestamp(${range.to})`]),
  ];
  return `SELECT ${columns.join(", ")} FROM ${sourceRelation(source.location)} WHERE ${conditions.join(" AND ")}`;
}

/**
 * That a row becomes visible, within the range. It is said of each of its moments, since the later of the two, with all
 * the cases of `visibleAtSql`, costs many times as much.
 */
function visible({ eventTime, knownAt }: Source, { visibleAfter, visibleUntil }: TimeRange): string[] {
  const moments = [eventTime, knownAt].flatMap((name) => (name === undefined ? [] : [`CAST(${identifier(name)} AS TIMESTAMP)`]));
  const end = visibleUntil === undefined ? "< TIMESTAMP '10000-01-01'" : `<= make_timestamp(${visibleUntil})`;
  // A source without event time has always been there.
  const after =
    visibleAfter === undefined
      ? []
      : moments.length === 0
        ? ["false"]
        : [`(${moments.map((moment) => `${moment} > make_timestamp(${visibleAfter})`).join(" OR ")})`];
  return [...moments.flatMap((moment) => [`${moment} ${end}`, `${moment} >= TIMESTAMP '0001-01-01'`]), ...after];
}

/** SQL of a source column as expressions see it: NaN and infinities null. */
export function sourceColumn(view: FeatureView): (name: string) => string {
  const types = new Map((view.source.columns ?? []).map(({ name, type }) => [name, type]));
  return (name) => normalizedColumn(types.get(name) ?? { kind: "string" }, identifier(name));
}

/** The declared tie-break column as `_tie`, or nothing. */
export function tieColumn(view: FeatureView): string[] {
  const { tieBreak } = view.source;
  return tieBreak === undefined ? [] : [`${sourceColumn(view)(tieBreak)} AS _tie`];
}

/** SQL of an expression of the source row as it leaves the row: NaN and infinities null. A bare column has lost them already. */
export function rowValue(view: FeatureView, expression: TypedExpression): string {
  const sql = expressionToDuckdb(expression, sourceColumn(view));
  return expression.node === "column"
    ? `TRY_CAST(${sql} AS ${toDuckdbType(expression.type)})`
    : featureToDuckdb(expression.type, sql);
}

/** The view's keys as SQL, `prefix_k0, prefix_k1, …`, each followed by `end`. */
export function keyList(view: FeatureView, prefix = "", end = ""): string[] {
  return view.keys.map((_, index) => `${prefix}_k${index}${end}`);
}
