import { toDuckdbType } from "../offline/duckdb-type.js";
import { identifier, stringLiteral } from "../offline/sql.js";
import type { Column, ValueType } from "../values/value-type.js";
import { systemColumns } from "./system-columns.js";

/** SQL of a tail's rows: the columns of its header, then those that the log adds. */
export function tailRows(file: string, schema: readonly Column[]): string {
  const all = [...schema, ...systemColumns];
  const types = all.map(({ name, type }) => `${stringLiteral(name)}: ${stringLiteral(writtenType(type))}`);
  const columns = all.map(({ name, type }) => `${readBytes(identifier(name), type)} AS ${identifier(name)}`);
  return `SELECT ${columns.join(", ")} FROM read_json(${stringLiteral(file)}, format = 'newline_delimited', columns = {${types.join(", ")}}) WHERE _position IS NOT NULL`;
}

/** Bytes are text in JSON. */
const writtenType = (type: ValueType): string =>
  type.kind === "bytes" ? "VARCHAR" : type.kind === "list" ? `${writtenType(type.element)}[]` : toDuckdbType(type);

function readBytes(sql: string, type: ValueType): string {
  if (type.kind === "bytes") return `from_base64(${sql})`;
  const isOfBytes = (one: ValueType): boolean => one.kind === "bytes" || (one.kind === "list" && isOfBytes(one.element));
  return type.kind === "list" && isOfBytes(type) ? `list_transform(${sql}, lambda x: ${readBytes("x", type.element)})` : sql;
}

/** SQL of Parquet files' rows, one after the other; a column that one has not is null there. */
export const segmentRows = (files: readonly string[]): string =>
  `read_parquet([${files.map(stringLiteral).join(", ")}], union_by_name = true)`;

/** SQL of all rows under today's columns: what an older part has not, or holds as what cannot be cast, is null. */
export function streamRows(columns: readonly Column[], parts: readonly string[]): string {
  const none = columns.map(({ name, type }) => `CAST(NULL AS ${toDuckdbType(type)}) AS ${identifier(name)}`);
  const all = [...parts.map((part) => `SELECT * FROM ${part}`), `SELECT ${none.join(", ")} WHERE false`];
  const cast = columns.map(({ name, type }) => `TRY_CAST(${identifier(name)} AS ${toDuckdbType(type)}) AS ${identifier(name)}`);
  return `SELECT ${cast.join(", ")} FROM (${all.join(" UNION ALL BY NAME ")})`;
}
