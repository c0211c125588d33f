import { normalizedColumn } from "../expressions/to-duckdb.js";
import type { FeatureView } from "../registry/bound-project.js";
import { toDuckdbType } from "./duckdb-type.js";
import { sourceRelation } from "./source-relation.js";
import { identifier } from "./sql.js";
import { eventTimeSql, visibleAtSql } from "./visible-at.js";

/** The source's rows with a non-null key: `_k0…` keys, `_e` event time, `_v` the moment it becomes visible. */
export function sourceRows(view: FeatureView, more: readonly string[]): string {
  const keys = view.keys.map(({ column, type }, index) => `CAST(${identifier(column)} AS ${toDuckdbType(type)}) AS _k${index}`);
  const present = view.keys.map(({ column }) => `${identifier(column)} IS NOT NULL`);
  const known =
    view.source.knownAt === undefined ? eventTimeSql(view.source) : `CAST(${identifier(view.source.knownAt)} AS TIMESTAMP)`;
  const columns = [
    ...keys,
    `${eventTimeSql(view.source)} AS _e`,
    `${known} AS _known`,
    `${visibleAtSql(view.source)} AS _v`,
    ...more,
  ];
  const visible = [...present, `${visibleAtSql(view.source)} IS NOT NULL`];
  return `SELECT ${columns.join(", ")} FROM ${sourceRelation(view.source.location)} WHERE ${visible.join(" AND ")}`;
}

/** SQL of a source column as expressions see it: NaN and infinities null. */
export function sourceColumn(view: FeatureView): (name: string) => string {
  const types = new Map((view.source.columns ?? []).map(({ name, type }) => [name, type]));
  return (name) => normalizedColumn(types.get(name) ?? { kind: "string" }, identifier(name));
}
