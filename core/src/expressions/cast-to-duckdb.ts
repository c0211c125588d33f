import { toDuckdbType } from "../offline/duckdb-type.js";
import type { ValueType } from "../values/value-type.js";
import { finite, freshName, once } from "./duckdb-once.js";
import { textForms } from "./text-forms.js";

/** A value of one type as another; what cannot be converted is null. */
export function castToDuckdb(from: ValueType, to: ValueType, sql: string): string {
  if (to.kind === "list") return from.kind === "list" ? castList(from, to, sql) : `CAST(${sql} AS ${toDuckdbType(to)})`;
  const target = toDuckdbType(to);
  if (to.kind === "string") return castToText(from, sql);
  if (from.kind === "string") return castFromText(to, sql);
  if (from.kind === "float64" && to.kind === "int64") return `TRY_CAST(trunc(${sql}) AS BIGINT)`;
  // DuckDB's own conversion of long decimals rounds twice; from the text it is the nearest float.
  if (from.kind === "decimal" && to.kind === "float64" && from.precision > 15) return `CAST(CAST(${sql} AS VARCHAR) AS DOUBLE)`;
  // DuckDB lets true be 1 in a decimal that has no digit before the point.
  if (from.kind === "bool" && to.kind === "decimal") return `TRY_CAST(CAST(${sql} AS BIGINT) AS ${target})`;
  return `TRY_CAST(${sql} AS ${target})`;
}

function castFromText(to: ValueType, sql: string): string {
  const form = textForms[to.kind];
  if (form === undefined) return `TRY_CAST(${sql} AS ${toDuckdbType(to)})`;
  const text = once([sql], (x) => `(CASE WHEN regexp_full_match(${x}, '${form}') THEN ${x} END)`);
  // A zone in the text counts only in a cast to TIMESTAMPTZ; the session's zone is UTC.
  return to.kind === "timestamp"
    ? `CAST(TRY_CAST(${text} AS TIMESTAMPTZ) AS TIMESTAMP)`
    : `TRY_CAST(${text} AS ${toDuckdbType(to)})`;
}

function castToText(from: ValueType, sql: string): string {
  const text = `CAST(${sql} AS VARCHAR)`;
  // Only the years 0001 to 9999 have a written form.
  if (from.kind === "timestamp" || from.kind === "date")
    return once([sql], (x) => `(CASE WHEN year(${x}) BETWEEN 1 AND 9999 THEN CAST(${x} AS VARCHAR) END)`);
  // A decimal without digits before the point is .5 in DuckDB.
  return from.kind === "decimal" && from.precision === from.scale ? `regexp_replace(${text}, '^(-?)[.]', '\\10.')` : text;
}

function castList(from: ValueType & { kind: "list" }, to: ValueType & { kind: "list" }, sql: string): string {
  const name = freshName(sql);
  const item = castToDuckdb(from.element, to.element, name);
  const items =
    item === name || from.element.kind === "null"
      ? `CAST(${sql} AS ${toDuckdbType(to)})`
      : `list_transform(${sql}, lambda ${name}: ${item})`;
  if (to.length === undefined || to.length === from.length) return items;
  return once([items], (list) => `(CASE WHEN len(${list}) = ${to.length ?? 0} THEN ${list} END)`);
}

/** A list of floats, at any depth, with null for NaN and infinities; other lists are unchanged. */
export function finiteItems(type: ValueType & { kind: "list" }, sql: string): string {
  const name = freshName(sql);
  if (type.element.kind === "float64") return `list_transform(${sql}, lambda ${name}: ${finite(name)})`;
  return type.element.kind === "list" ? `list_transform(${sql}, lambda ${name}: ${finiteItems(type.element, name)})` : sql;
}
