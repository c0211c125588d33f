import { stringLiteral } from "../offline/sql.js";
import { toDuckdbType } from "../offline/duckdb-type.js";
import { printDecimal } from "../values/json-value.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import type { TypedAggregate, TypedExpression } from "./typed-tree.js";

type ColumnSql = (name: string) => string;

const infix: Readonly<Record<string, string>> = {
  equal: "=",
  not_equal: "<>",
  less: "<",
  less_equal: "<=",
  greater: ">",
  greater_equal: ">=",
  and: "AND",
  or: "OR",
  like: "LIKE",
  concat_operator: "||",
};

/** Functions that DuckDB has under our name and with our meaning. */
const same = new Set([
  "exp",
  "least",
  "greatest",
  "coalesce",
  "nullif",
  "lower",
  "upper",
  "length",
  "replace",
  "contains",
  "starts_with",
  "ends_with",
  "concat",
]);

/** Only the spellings that both back-ends read alike may be cast from text. */
const textForms: Partial<Record<ValueType["kind"], string>> = {
  bool: "true|false",
  int64: "[+-]?[0-9]{1,30}",
  float64: "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?",
  decimal: "[+-]?[0-9]{1,38}([.][0-9]{1,38})?",
  date: "[0-9]{4}-[0-9]{2}-[0-9]{2}",
  timestamp: "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?",
};

/** DuckDB SQL of a typed expression; it never raises an error on data. `column` gives the SQL of a column's value. */
export function expressionToDuckdb(tree: TypedExpression, column: ColumnSql): string {
  switch (tree.node) {
    case "literal":
      return literalToDuckdb(tree.value, tree.type);
    case "column":
      return column(tree.name);
    case "cast":
      return castToDuckdb(tree, expressionToDuckdb(tree.operand, column));
    case "case": {
      const branches = tree.branches.map(
        ({ when, then }) => `WHEN ${expressionToDuckdb(when, column)} THEN ${expressionToDuckdb(then, column)}`,
      );
      const otherwise = tree.otherwise === undefined ? "" : ` ELSE ${expressionToDuckdb(tree.otherwise, column)}`;
      return `(CASE ${branches.join(" ")}${otherwise} END)`;
    }
    case "call":
      return callToDuckdb(
        tree,
        tree.arguments.map((argument) => expressionToDuckdb(argument, column)),
      );
  }
}

function callToDuckdb(call: Extract<TypedExpression, { node: "call" }>, operands: readonly string[]): string {
  const [a = "NULL", b = "NULL", c = "NULL"] = operands;
  const operator = infix[call.operation];
  if (operator !== undefined) return `(${a} ${operator} ${b})`;
  if (same.has(call.operation)) return `${call.operation}(${operands.join(", ")})`;
  const type = toDuckdbType(call.type);
  switch (call.operation) {
    case "add":
      return `TRY(CAST(${a} + ${b} AS ${type}))`;
    case "subtract":
      return `TRY(CAST(${a} - ${b} AS ${type}))`;
    case "multiply":
      return `TRY(CAST(${a} * ${b} AS ${type}))`;
    case "divide":
      return `(${a} / nullif(${b}, 0))`;
    case "integer_divide":
      return `TRY(${a} // nullif(${b}, 0))`;
    case "modulo":
      // The one overflow DuckDB sees in %, least int64 by -1, is 0 by contract.
      return call.type.kind === "int64"
        ? `(CASE WHEN ${b} = -1 THEN 0 * sign(${a}) ELSE ${a} % nullif(${b}, 0) END)::BIGINT`
        : `(${a} % nullif(${b}, 0))`;
    case "negate":
      return `TRY(-(${a}))`;
    case "not":
      return `(NOT ${a})`;
    case "is_null":
      return `(${a} IS NULL)`;
    case "is_not_null":
      return `(${a} IS NOT NULL)`;
    case "in":
      return `(${a} IN (${operands.slice(1).join(", ")}))`;
    case "ln":
    case "log10":
    case "sqrt":
    case "abs":
      return `TRY(${call.operation}(${a}))`;
    case "pow":
      return finite(`pow(${a}, ${b})`);
    case "sign":
      return `sign(${a})::BIGINT`;
    case "round":
    case "floor":
    case "ceil":
      return call.type.kind === "int64" ? a : `${call.operation}(${a})`;
    case "trim":
      return `trim(${a}, ' ')`;
    case "substr":
      return `(CASE WHEN ${b} >= 1 AND ${c} >= 0 THEN substr(${a}, least(${b}, 2147483647), least(${c}, 2147483647)) WHEN ${b} IS NOT NULL AND ${c} IS NOT NULL AND ${a} IS NOT NULL THEN '' END)`;
    case "extract":
      return `extract(${unit(call)} FROM ${b})::${type}`;
    case "date_trunc":
      return `TRY(CAST(date_trunc('${unit(call)}', ${b}) AS TIMESTAMP))`;
    case "date_diff":
      // DuckDB's own weeks are off by one across the epoch.
      if (unit(call) === "week") return `(date_diff('day', date_trunc('week', ${b}), date_trunc('week', ${c})) // 7)`;
      return `TRY(date_diff('${unit(call)}', ${b}, ${c}))`;
    case "hash_bucket":
      return `(CASE WHEN ${b} > 0 THEN ('0x' || substr(md5(${a}), 1, 15))::BIGINT % ${b} END)`;
    default:
      throw new Error(`to-duckdb has no form for ${call.operation}`);
  }
}

/** The unit was checked against the catalogue's closed list when the tree was typed. */
function unit(call: Extract<TypedExpression, { node: "call" }>): string {
  const [first] = call.arguments;
  if (first?.node !== "literal" || typeof first.value !== "string" || !/^[a-z]+$/.test(first.value))
    throw new Error("a typed tree has a literal unit");
  return first.value;
}

function finite(sql: string): string {
  return ["NaN", "Infinity", "-Infinity"].reduce((inner, text) => `nullif(${inner}, '${text}'::DOUBLE)`, sql);
}

function castToDuckdb({ operand, type }: Extract<TypedExpression, { node: "cast" }>, sql: string): string {
  const target = toDuckdbType(type);
  if (operand.type.kind === "float64" && type.kind === "int64") return `TRY_CAST(trunc(${sql}) AS BIGINT)`;
  if (type.kind === "string" && (operand.type.kind === "timestamp" || operand.type.kind === "date"))
    return `(CASE WHEN year(${sql}) BETWEEN 1 AND 9999 THEN CAST(${sql} AS VARCHAR) END)`;
  const form = operand.type.kind === "string" ? textForms[type.kind] : undefined;
  if (form === undefined) return `TRY_CAST(${sql} AS ${target})`;
  const guarded = `CASE WHEN regexp_full_match(${sql}, '${form}') THEN ${sql} END`;
  // A zone in the text counts only in a cast to TIMESTAMPTZ; the session's zone is UTC.
  return type.kind === "timestamp"
    ? `CAST(TRY_CAST(${guarded} AS TIMESTAMPTZ) AS TIMESTAMP)`
    : `TRY_CAST(${guarded} AS ${target})`;
}

/** A literal by its type; text is quoted, never pasted. */
export function literalToDuckdb(value: Value, type: ValueType): string {
  if (value === null) return `NULL::${toDuckdbType(type)}`;
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return stringLiteral(value);
  if (typeof value === "bigint") {
    if (type.kind === "decimal") return `CAST('${printDecimal(value, type.scale)}' AS ${toDuckdbType(type)})`;
    if (type.kind === "timestamp") return `make_timestamp(${value})`;
    return `CAST(${value} AS BIGINT)`;
  }
  if (typeof value === "number")
    return type.kind === "date"
      ? `CAST(DATE '1970-01-01' + ${value} AS DATE)`
      : `CAST('${Object.is(value, -0) ? "-0" : value}' AS DOUBLE)`;
  if (typeof value === "object" && "months" in value)
    return `(to_months(${value.months}) + to_days(${value.days}) + to_microseconds(${value.micros}))`;
  throw new Error("lists and bytes have no literals");
}

/** A float column as the language sees it: NaN and infinities are null. Other types are unchanged. */
export function normalizedColumn(type: ValueType, sql: string): string {
  return type.kind === "float64" ? `(CASE WHEN isfinite(${sql}) THEN ${sql} END)` : sql;
}

/** A feature's value as it leaves an expression: cast to its declared type, NaN and infinities null. */
export function featureToDuckdb(type: ValueType, sql: string): string {
  return type.kind === "float64" ? finite(`TRY_CAST(${sql} AS DOUBLE)`) : `TRY_CAST(${sql} AS ${toDuckdbType(type)})`;
}

/**
 * Sample variance. Of integers up to 1e9 it is computed from exact sums, so that it does not depend on the order in
 * which threads meet the rows: a repeated run gives the same bytes.
 */
function variance(type: ValueType | undefined, x: string, rows: string): string {
  const float = `CAST(${x} AS DOUBLE)`;
  const greatest = `max(abs(${float}))${rows}`;
  // Beyond 1e150 squares overflow, which DuckDB refuses with an error: the value is null.
  const bounded = `var_samp(CASE WHEN abs(${float}) <= 1e150 THEN ${float} END)${rows}`;
  const general = `CASE WHEN ${greatest} <= 1e150 THEN ${bounded} END`;
  if (type?.kind !== "int64") return `(${general})`;
  // least and greatest skip nulls: a null must not become a bound.
  const clipped = `CASE WHEN ${x} IS NOT NULL THEN CAST(greatest(least(${x}, 1000000000), -1000000000) AS HUGEINT) END`;
  const [n, sum, squares] = [`count(${x})${rows}`, `sum(${clipped})${rows}`, `sum((${clipped}) * (${clipped}))${rows}`];
  const exact = `CAST(${n} * ${squares} - ${sum} * ${sum} AS DOUBLE) / nullif(${n} * (${n} - 1), 0)`;
  return `(CASE WHEN ${greatest} <= 1e9 THEN ${exact} ELSE ${general} END)`;
}

/**
 * A complete aggregate call. `order` is the SQL order list of the rows (event time first), for first, last and their
 * kin; `filter` the condition of the rows that count; `window` the name of a window to aggregate over instead of a group.
 * Nulls are skipped.
 */
export function aggregateToDuckdb(
  aggregate: TypedAggregate,
  column: ColumnSql,
  order: string,
  filter?: string,
  window?: string,
): string {
  const { operand, parameter = 1 } = aggregate;
  const x = operand === undefined ? "*" : featureToDuckdb(operand.type, expressionToDuckdb(operand, column));
  const condition = (...conditions: (string | undefined)[]): string => {
    const given = conditions.filter((one) => one !== undefined);
    const over = window === undefined ? "" : ` OVER ${window}`;
    return `${given.length === 0 ? "" : ` FILTER (WHERE ${given.join(" AND ")})`}${over}`;
  };
  const rows = condition(filter);
  const present = condition(filter, `${x} IS NOT NULL`);
  const type = toDuckdbType(aggregate.type);
  switch (aggregate.function) {
    case "count":
    case "min":
    case "max":
    case "avg":
      return `${aggregate.function}(${x})${rows}`;
    case "count_distinct":
      return `count(DISTINCT ${x})${rows}`;
    case "sum":
      return `TRY_CAST(sum(${x})${rows} AS ${type})`;
    case "variance":
      return variance(operand?.type, x, rows);
    case "stddev":
      return `sqrt(${variance(operand?.type, x, rows)})`;
    case "first":
      return `first(${x} ORDER BY ${order}, ${x})${present}`;
    case "last":
      return `last(${x} ORDER BY ${order}, ${x})${present}`;
    case "first_n":
      return `(list(${x} ORDER BY ${order}, ${x})${present})[1:${parameter}]`;
    case "last_n":
      return `(list(${x} ORDER BY ${order}, ${x})${present})[-${parameter}:]`;
    case "top_k": {
      const counts = `list_transform(map_entries(histogram(${x})${present}), lambda e: {'c': -(e.value::BIGINT), 'k': e.key})`;
      return `list_transform(list_sort(${counts})[1:${parameter}], lambda e: e.k)`;
    }
    default:
      throw new Error(`to-duckdb has no form for the aggregate ${aggregate.function}`);
  }
}
