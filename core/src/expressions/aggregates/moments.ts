import type { Value } from "../../values/value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { ValueType } from "../../values/value-type.js";
import type { Aggregate, DuckdbAggregate, MergeableForm } from "../aggregate.js";
import { decimalSum, decimalSumAsFloat, unscaled, type SumOf } from "../decimal-sum-in-duckdb.js";
import { isNumeric, toFloat } from "./operand-rules.js";

const sumOfFloats = "of floats within 1e-9 of the sum of absolute terms, as engines add in different orders.";

const sumOf =
  ({ x, rows }: DuckdbAggregate): SumOf =>
  (term) =>
    `sum(${term(x)})${rows}`;

const scaleOf = (type: ValueType | undefined): number => (type?.kind === "decimal" ? type.scale : 0);

export const momentAggregates: readonly Aggregate[] = [
  {
    name: "sum",
    signature: "sum(x)",
    documentation: "Sum; int64 overflow is null; decimals stay exact, beyond 38 digits null.",
    example: "sum(fare)",
    differs: sumOfFloats,
    resolve: (type) =>
      type.kind === "decimal"
        ? { ...type, precision: 38 }
        : isNumeric(type)
          ? type
          : `takes a number, not ${printValueType(type)}`,
    duckdb: (form) => {
      const type = form.aggregate.operand?.type;
      if (type?.kind === "decimal") return decimalSum(type, sumOf(form));
      const sum = sumOf(form)((x) => x);
      // Not TRY_CAST: in a comparison DuckDB takes the narrowing of integers away, and the overflow with it.
      return type?.kind === "int64"
        ? `(CASE WHEN ${sum} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST(${sum} AS BIGINT) END)`
        : sum;
    },
    javascript: ({ type }) => {
      const within = sumWithin(type);
      return (present) => within(sum(present));
    },
    empty: null,
    mergeable: {
      needs: () => ["sum"],
      finish: ({ type }) => {
        const within = sumWithin(type);
        return (state) => within(state.sum());
      },
    },
  },
  {
    name: "avg",
    signature: "avg(x)",
    documentation: "Mean as float64.",
    example: "avg(delay)",
    differs: sumOfFloats,
    resolve: toFloat,
    duckdb: (form) => {
      const type = form.aggregate.operand?.type;
      return type?.kind === "decimal"
        ? `(${decimalSumAsFloat(type, sumOf(form))} / nullif(count(${form.x})${form.rows}, 0))`
        : `avg(${form.x})${form.rows}`;
    },
    javascript: ({ operand }) => {
      const unit = 10 ** scaleOf(operand?.type);
      return (present) => Number(sum(present)) / unit / present.length;
    },
    empty: null,
    mergeable: {
      needs: () => ["sum"],
      finish: ({ operand }) => {
        const unit = 10 ** scaleOf(operand?.type);
        return (state) => Number(state.sum()) / unit / state.count();
      },
    },
  },
  {
    name: "variance",
    signature: "variance(x)",
    documentation: "Sample variance as float64; null for fewer than two values.",
    example: "variance(delay)",
    differs: sumOfFloats,
    resolve: toFloat,
    duckdb: variance,
    javascript: ({ operand }) => varianceOf(scaleOf(operand?.type)),
    empty: null,
    mergeable: mergeableVariance((value) => value),
  },
  {
    name: "stddev",
    signature: "stddev(x)",
    documentation: "Sample standard deviation as float64; null for fewer than two values.",
    example: "stddev(delay)",
    differs: sumOfFloats,
    resolve: toFloat,
    duckdb: (form) => `sqrt(${variance(form)})`,
    javascript: ({ operand }) => {
      const compute = varianceOf(scaleOf(operand?.type));
      return (present) => {
        const value = compute(present);
        return value === null ? null : Math.sqrt(value);
      };
    },
    empty: null,
    mergeable: mergeableVariance(Math.sqrt),
  },
];

/**
 * Sample variance. Of int64 and decimals up to 1e12 units it comes from exact sums, so that it does not depend on the
 * order in which threads meet the rows: a repeated run gives the same bytes.
 */
function variance({ aggregate: { operand }, x, rows }: DuckdbAggregate): string {
  const type = operand?.type;
  const float = `CAST(${x} AS DOUBLE)`;
  if (type?.kind !== "int64" && type?.kind !== "decimal")
    // Beyond 1e150 squares overflow, which DuckDB refuses with an error: the value is null.
    return `(CASE WHEN max(abs(${float}))${rows} <= 1e150 THEN var_samp(CASE WHEN abs(${float}) <= 1e150 THEN ${float} END)${rows} END)`;
  const units = type.kind === "decimal" ? unscaled(type, x) : x;
  const small = `CASE WHEN ${units} BETWEEN -1000000000000 AND 1000000000000 THEN ${units} END`;
  const sums = [`count(${x})${rows}`, `sum(${small})${rows}`, `sum(CAST(${small} AS HUGEINT) * (${small}))${rows}`];
  const [n, total, squares] = ["_once[1]", "_once[2]", "_once[3]"];
  // No aggregate may stand inside TRY: the sums come in by the lambda.
  const exact = `list_transform([[${sums.join(", ")}]], lambda _once: CAST(TRY(${n} * ${squares} - ${total} * ${total}) AS DOUBLE) / CAST(nullif(${n} * (${n} - 1), 0) AS DOUBLE) / 1e${2 * scaleOf(type)}::DOUBLE)[1]`;
  return `coalesce(CASE WHEN count(${small})${rows} = count(${x})${rows} THEN ${exact} END, var_samp(${float})${rows})`;
}

/** Null for a sum beyond its type. */
function sumWithin(type: ValueType): (total: bigint | number) => Value {
  const bound = type.kind === "decimal" ? 10n ** 38n : 2n ** 63n;
  const least = type.kind === "decimal" ? 1n - bound : -bound;
  return (total) => (typeof total === "bigint" && (total >= bound || total < least) ? null : total);
}

function mergeableVariance(of: (variance: number) => number): MergeableForm {
  return {
    needs: ({ kind }) => (kind === "float64" ? ["deviations"] : ["sum", "squares"]),
    finish: ({ operand }) => {
      const scale = scaleOf(operand?.type);
      const exact = operand?.type.kind !== "float64";
      return (state) => {
        const count = state.count();
        if (count < 2) return null;
        // `squares` is there only where `sum` is a bigint.
        if (exact) return of(varianceOfSums(count, state.sum() as bigint, state.squares(), scale));
        return of(state.deviations() / (count - 1));
      };
    },
  };
}

function sum(present: readonly Value[]): bigint | number {
  // All operands have one type: bigint for int64 and decimal, number for float64.
  if (typeof present[0] === "bigint") return (present as readonly bigint[]).reduce((total, value) => total + value, 0n);
  return (present as readonly number[]).reduce((total, value) => total + value, 0);
}

function varianceOf(scale: number): (present: readonly Value[]) => number | null {
  return (present) => {
    if (present.length < 2) return null;
    if (typeof present[0] === "bigint") return exactVariance(present as readonly bigint[], scale);
    return welford(present as readonly number[]);
  };
}

function exactVariance(present: readonly bigint[], scale: number): number {
  let [total, squares] = [0n, 0n];
  for (const value of present) {
    total += value;
    squares += value * value;
  }
  return varianceOfSums(present.length, total, squares, scale);
}

function varianceOfSums(count: number, total: bigint, squares: bigint, scale: number): number {
  const n = BigInt(count);
  return Number(n * squares - total * total) / Number(n * (n - 1n)) / Number(`1e${2 * scale}`);
}

/** Welford, "Note on a method for calculating corrected sums of squares and products", 1962; the form DuckDB uses. */
function welford(present: readonly number[]): number | null {
  let [mean, squares, count] = [0, 0, 0];
  for (const x of present) {
    if (Math.abs(x) > 1e150) return null; // its square is beyond float64
    count++;
    const delta = x - mean;
    mean += delta / count;
    squares += delta * (x - mean);
  }
  return squares / (count - 1);
}
