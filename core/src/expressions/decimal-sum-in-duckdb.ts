import { toDuckdbType } from "../offline/duckdb-type.js";
import type { ValueType } from "../values/value-type.js";

type Decimal = Extract<ValueType, { kind: "decimal" }>;

/** SQL of a sum over terms, each written from the SQL of a value. */
export type SumOf = (term: (value: string) => string) => string;

/** Up to so many digits, the sum of any number of rows that a machine can hold stays within DuckDB's 38. */
const safeDigits = 27;
const half = "10000000000000000000";

/** SQL of a decimal's unscaled integer as HUGEINT. */
export function unscaled(type: Decimal, sql: string): string {
  // Of 19 digits, so that DuckDB does not multiply within 18.
  const unit = `CAST('1${"0".repeat(type.scale)}' AS DECIMAL(19, 0))`;
  // Where the product could leave 38 digits, the digits are taken as text.
  return type.precision + type.scale < 38
    ? `CAST(${sql} * ${unit} AS HUGEINT)`
    : `CAST(replace(CAST(${sql} AS VARCHAR), '.', '') AS HUGEINT)`;
}

/**
 * The sum of decimals as decimal(38, scale), null beyond 38 digits. DuckDB's own sum ends the query with an error when
 * a partial sum leaves 127 bits; here two halves of 19 digits are summed apart, which cannot overflow, and joined.
 */
export function decimalSum(type: Decimal, sum: SumOf): string {
  const target = toDuckdbType({ ...type, precision: 38 });
  if (type.precision <= safeDigits) return `CAST(${sum((value) => value)} AS ${target})`;
  const whole = `((_once[1] + _once[2] // ${half}) * ${half}::HUGEINT + _once[2] % ${half})`;
  const unit = type.scale === 0 ? "1" : `0.${"0".repeat(type.scale - 1)}1`;
  const unitType = toDuckdbType({ kind: "decimal", precision: Math.max(type.scale, 1), scale: type.scale });
  const value = `CAST(${whole} AS DECIMAL(38, 0)) * CAST('${unit}' AS ${unitType})`;
  // No aggregate may stand inside TRY: the halves come in by the lambda.
  return `list_transform([[${halves(type, sum).join(", ")}]], lambda _once: TRY(CAST(${value} AS ${target})))[1]`;
}

/** The same sum as a float64, for means. */
export function decimalSumAsFloat(type: Decimal, sum: SumOf): string {
  if (type.precision <= safeDigits) return `CAST(${sum((value) => value)} AS DOUBLE)`;
  const [high, low] = halves(type, sum);
  return `((CAST(${high} AS DOUBLE) * 1e19::DOUBLE + CAST(${low} AS DOUBLE)) / 1e${type.scale}::DOUBLE)`;
}

function halves(type: Decimal, sum: SumOf): [high: string, low: string] {
  return [sum((value) => `${unscaled(type, value)} // ${half}`), sum((value) => `${unscaled(type, value)} % ${half}`)];
}
