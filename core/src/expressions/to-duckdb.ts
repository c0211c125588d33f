import { toDuckdbType } from "../offline/duckdb-type.js";
import { stringLiteral } from "../offline/sql.js";
import { printDecimal } from "../values/json-value.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { aggregateOf } from "./aggregates.js";
import { castToDuckdb, finiteItems } from "./cast-to-duckdb.js";
import { operationOf } from "./catalogue.js";
import { finite, once } from "./duckdb-once.js";
import type { TypedAggregate, TypedExpression } from "./typed-tree.js";

type ColumnSql = (name: string) => string;

/** DuckDB SQL of a typed expression; it never raises an error on data. `column` gives the SQL of a column's value. */
export function expressionToDuckdb(tree: TypedExpression, column: ColumnSql): string {
  switch (tree.node) {
    case "literal":
      return literalToDuckdb(tree.value, tree.type);
    case "column":
      return column(tree.name);
    case "cast":
      return castToDuckdb(tree.operand.type, tree.type, expressionToDuckdb(tree.operand, column));
    case "case": {
      const branches = tree.branches.map(
        ({ when, then }) => `WHEN ${expressionToDuckdb(when, column)} THEN ${expressionToDuckdb(then, column)}`,
      );
      const otherwise = tree.otherwise === undefined ? "" : ` ELSE ${expressionToDuckdb(tree.otherwise, column)}`;
      return `(CASE ${branches.join(" ")}${otherwise} END)`;
    }
    case "call":
      return operationOf(tree.operation).duckdb(
        tree.arguments.map((argument) => expressionToDuckdb(argument, column)),
        tree,
      );
  }
}

/** A literal by its type; text is quoted, never pasted. */
export function literalToDuckdb(value: Value, type: ValueType): string {
  if (value === null) return `NULL::${toDuckdbType(type)}`;
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return textLiteral(value);
  if (typeof value === "bigint") {
    if (type.kind === "decimal") return `CAST('${printDecimal(value, type.scale)}' AS ${toDuckdbType(type)})`;
    if (type.kind === "timestamp") return `make_timestamp(${value})`;
    return `CAST(${value} AS BIGINT)`;
  }
  if (typeof value === "number")
    return type.kind === "date"
      ? `CAST(DATE '1970-01-01' + ${value} AS DATE)`
      : `CAST('${Object.is(value, -0) ? "-0" : value}' AS DOUBLE)`;
  if (value instanceof Uint8Array) return `from_hex('${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")}')`;
  if (isList(value)) {
    const element: ValueType = type.kind === "list" ? type.element : { kind: "null" };
    return `CAST([${value.map((item) => literalToDuckdb(item, element)).join(", ")}] AS ${toDuckdbType(type)})`;
  }
  return `(to_months(${value.months}) + to_days(${value.days}) + to_microseconds(${value.micros}))`;
}

/** SQL text ends at a NUL, which is written as a function. */
function textLiteral(text: string): string {
  if (!text.includes("\0")) return stringLiteral(text);
  return `(${text.split("\0").map(stringLiteral).join(" || chr(0) || ")})`;
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A column as the language sees it: in the language's type, NaN and infinities null. */
export function normalizedColumn(type: ValueType, sql: string): string {
  switch (type.kind) {
    case "float64":
    case "timestamp":
    case "date":
      return `(CASE WHEN isfinite(${sql}) THEN CAST(${sql} AS ${toDuckdbType(type)}) END)`;
    case "int64":
    case "decimal":
      return `TRY_CAST(${sql} AS ${toDuckdbType(type)})`;
    case "string":
      return `CAST(${sql} AS ${toDuckdbType(type)})`;
    case "list":
      return finiteItems(type, `CAST(${sql} AS ${toDuckdbType(type)})`);
    default:
      return sql;
  }
}

/** A feature's value as it leaves an expression: cast to its declared type, NaN and infinities null. */
export function featureToDuckdb(type: ValueType, sql: string): string {
  const value = `TRY_CAST(${sql} AS ${toDuckdbType(type)})`;
  if (type.kind === "float64") return finite(value);
  if (type.kind !== "list") return value;
  const items = finiteItems(type, value);
  return type.length === undefined
    ? items
    : once([items], (list) => `(CASE WHEN len(${list}) = ${type.length ?? 0} THEN ${list} END)`);
}

/**
 * A complete aggregate call that raises no error on data. `order` is the SQL order list of the rows (event time
 * first), for first, last and their kin; `filter` the condition of the rows that count; `window` the name of a window to
 * aggregate over instead of a group. Nulls are skipped.
 */
export function aggregateToDuckdb(
  aggregate: TypedAggregate,
  column: ColumnSql,
  order: string,
  filter?: string,
  window?: string,
): string {
  const { operand } = aggregate;
  // A bare column is in the language's type already, without NaN and infinities.
  const x =
    operand === undefined
      ? "*"
      : operand.node === "column"
        ? column(operand.name)
        : featureToDuckdb(operand.type, expressionToDuckdb(operand, column));
  const condition = (...conditions: (string | undefined)[]): string => {
    const given = conditions.filter((one) => one !== undefined);
    const over = window === undefined ? "" : ` OVER ${window}`;
    return `${given.length === 0 ? "" : ` FILTER (WHERE ${given.join(" AND ")})`}${over}`;
  };
  return aggregateOf(aggregate.function).duckdb({
    aggregate,
    x,
    order,
    rows: condition(filter),
    present: condition(filter, `${x} IS NOT NULL`),
  });
}
