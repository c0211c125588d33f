import { compareValues } from "../values/compare-values.js";
import { isInt64 } from "../values/json-value.js";
import type { Value } from "../values/value.js";
import { featureValue } from "./to-javascript.js";
import type { TypedAggregate } from "./typed-tree.js";

/**
 * Folds the operands of a window's rows. They come in the order event time, known_at, tie-break, operand (null lowest);
 * for `count(*)` only their number matters. Nulls are skipped; an empty window gives 0 for counts and null otherwise.
 */
export function aggregateToJavascript({
  function: name,
  operand,
  type,
  parameter = 1,
}: TypedAggregate): (operands: readonly Value[]) => Value {
  if (operand === undefined) return (operands) => BigInt(operands.length);
  const scale = operand.type.kind === "decimal" ? 10 ** operand.type.scale : 1;
  const fold = folds[name];
  if (fold === undefined) throw new Error(`to-javascript has no form for the aggregate ${name}`);
  return (operands) => {
    const present = operands.filter((value) => value !== null);
    if (name === "count") return BigInt(present.length);
    if (name === "count_distinct") return BigInt(distinct(present).length);
    if (present.length === 0) return null;
    const result = fold(present, parameter, scale);
    if (typeof result === "bigint" && type.kind === "int64" && !isInt64(result)) return null;
    return featureValue(result);
  };
}

const folds: Readonly<Record<string, (present: readonly Value[], parameter: number, scale: number) => Value>> = {
  count: () => null,
  count_distinct: () => null,
  sum: (present) => sum(present),
  avg: (present, _, scale) => Number(sum(present)) / present.length / scale,
  min: (present) => present.reduce((best, value) => (compareValues(value, best) < 0 ? value : best)),
  max: (present) => present.reduce((best, value) => (compareValues(value, best) > 0 ? value : best)),
  variance: (present, _, scale) => variance(present, scale),
  stddev: (present, _, scale) => {
    const value = variance(present, scale);
    return value === null ? null : Math.sqrt(value);
  },
  first: (present) => present[0] ?? null,
  last: (present) => present.at(-1) ?? null,
  first_n: (present, n) => present.slice(0, n),
  last_n: (present, n) => present.slice(-n),
  top_k: (present, k) => topK(present, k),
};

function sum(present: readonly Value[]): bigint | number {
  // All operands have one type: bigint for int64 and decimal, number for float64.
  if (typeof present[0] === "bigint") return (present as readonly bigint[]).reduce((total, value) => total + value, 0n);
  return (present as readonly number[]).reduce((total, value) => total + value, 0);
}

/** Welford, "Note on a method for calculating corrected sums of squares and products", 1962; the form DuckDB uses. */
function variance(present: readonly Value[], scale: number): number | null {
  if (present.length < 2) return null;
  let [mean, squares, count] = [0, 0, 0];
  for (const value of present) {
    const x = Number(value) / scale;
    if (Math.abs(x) > 1e150) return null; // its square is beyond float64
    count++;
    const delta = x - mean;
    mean += delta / count;
    squares += delta * (x - mean);
  }
  return squares / (count - 1);
}

function distinct(present: readonly Value[]): Value[] {
  const sorted = [...present].sort(compareValues);
  return sorted.filter((value, index) => index === 0 || compareValues(value, sorted[index - 1] ?? null) !== 0);
}

function topK(present: readonly Value[], k: number): Value[] {
  const sorted = [...present].sort(compareValues);
  const counts: { value: Value; count: number }[] = [];
  for (const value of sorted) {
    const last = counts.at(-1);
    if (last !== undefined && compareValues(last.value, value) === 0) last.count++;
    else counts.push({ value, count: 1 });
  }
  // The sort is stable, so equal counts keep the order of their values.
  return counts
    .sort((a, b) => b.count - a.count)
    .slice(0, k)
    .map(({ value }) => value);
}
