import { printDecimal, toJsonValue } from "../values/json-value.js";
import { toDuckdbType } from "../offline/duckdb-type.js";
import type { Value } from "../values/value.js";
import type { Column, ValueType } from "../values/value-type.js";

/**
 * Makes a row's line in a log's tail: a JSON object of the cells by number, nulls left out. Times are numbers
 * (microseconds, days), int64 in all its digits, decimals and bytes texts. The status PRESENT is left out too.
 */
export function lineEncoder(columns: readonly Column[]): (cells: readonly Value[]) => string {
  const names = columns.map((_, index) => `"c${index}":`);
  const isStatus = columns.map(({ name }) => name.startsWith("status."));
  return (cells) => {
    let line = "";
    for (const [index, { type }] of columns.entries()) {
      const cell = cells[index] ?? null;
      if (cell === null || (isStatus[index] === true && cell === "PRESENT")) continue;
      const text = encode(cell, type);
      if (text !== "null") line += `${line === "" ? "" : ","}${names[index] ?? ""}${text}`;
    }
    return `{${line}}\n`;
  };
}

function encode(value: Value, type: ValueType): string {
  if (value === null) return "null";
  if (typeof value === "bigint") return type.kind === "decimal" ? `"${printDecimal(value, type.scale)}"` : String(value);
  if (typeof value === "number" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "string") return JSON.stringify(wellFormed(value));
  if (type.kind === "list" && Array.isArray(value))
    return `[${value.map((item: Value) => encode(item, type.element)).join(",")}]`;
  return JSON.stringify(toJsonValue(value, type));
}

/** Half of a surrogate pair is no character, and no reader of JSON takes it. */
function wellFormed(text: string): string {
  if (!/[\ud800-\udfff]/.test(text)) return text;
  return text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

/** How DuckDB reads a tail: the JSON columns, and each log column as SQL over them. A line that is no row has no request id. */
export function tailColumns(columns: readonly Column[]): { readonly json: string; readonly sql: readonly string[] } {
  const fields = ["header: 'JSON'", ...columns.map(({ type }, index) => `c${index}: '${storedType(type)}'`)];
  return {
    json: `{${fields.join(", ")}}`,
    sql: columns.map(({ name, type }, index) =>
      name.startsWith("status.") ? `coalesce(c${index}, 'PRESENT')` : decodeSql(type, `c${index}`),
    ),
  };
}

function storedType(type: ValueType): string {
  if (type.kind === "timestamp") return "BIGINT";
  if (type.kind === "date") return "INTEGER";
  if (type.kind === "bytes") return "VARCHAR";
  return type.kind === "list" ? `${storedType(type.element)}[]` : toDuckdbType(type);
}

function decodeSql(type: ValueType, sql: string): string {
  if (type.kind === "timestamp") return `make_timestamp(${sql})`;
  if (type.kind === "date") return `(DATE '1970-01-01' + ${sql})`;
  if (type.kind === "bytes") return `from_base64(${sql})`;
  if (type.kind !== "list" || storedType(type) === toDuckdbType(type)) return sql;
  return `list_transform(${sql}, lambda x: ${decodeSql(type.element, "x")})`;
}
