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
  const moments = rememberLast(encoderOf({ kind: "timestamp" }));
  const encoders = columns.map(({ type }) => (type.kind === "timestamp" ? moments : encoderOf(type)));
  const isStatus = columns.map(({ name }) => name.startsWith("status."));
  return (cells) => {
    let line = "";
    for (let index = 0; index < encoders.length; index++) {
      const cell = cells[index] ?? null;
      if (cell === null || (isStatus[index] === true && cell === "PRESENT")) continue;
      const text = encoders[index]?.(cell);
      if (text !== undefined && text !== "null") line += `${line === "" ? "" : ","}${names[index] ?? ""}${text}`;
    }
    return `{${line}}\n`;
  };
}

/** Features of one view mostly have one event time. */
function rememberLast(encode: (value: Value) => string): (value: Value) => string {
  let [last, text]: [Value, string] = [null, "null"];
  return (value) => {
    if (value !== last) [last, text] = [value, encode(value)];
    return text;
  };
}

function encoderOf(type: ValueType): (value: Value) => string {
  switch (type.kind) {
    case "int64":
    case "timestamp":
      return (value) => (typeof value === "bigint" ? value.toString() : "null");
    case "float64":
      return (value) => (Number.isFinite(value) ? `${value as number}` : "null");
    case "decimal":
      return (value) => (typeof value === "bigint" ? `"${printDecimal(value, type.scale)}"` : "null");
    case "string":
      return (value) => JSON.stringify(typeof value === "string" ? wellFormed(value) : value);
    case "list": {
      const item = encoderOf(type.element);
      return (value) =>
        Array.isArray(value) ? `[${value.map((one: Value) => (one === null ? "null" : item(one))).join(",")}]` : "null";
    }
    case "bytes":
      return (value) => JSON.stringify(toJsonValue(value, type));
    default:
      return (value) => JSON.stringify(value);
  }
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
