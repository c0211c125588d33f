import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";
import { valueAt, type Column, type ColumnForm } from "./columns.js";
import type { Leaf } from "./leaf.js";

function equalAt(column: Column | undefined, a: number, b: number): boolean {
  if (column === undefined) return true;
  if (column.kind === "values") return compareValues(column.values[a] ?? null, column.values[b] ?? null) === 0;
  // NaN stands for null.
  return Object.is(column.floats[a], column.floats[b]);
}

/** Rows of one event time and tie are ordered by the operand alone, whatever the other operands are. */
const isTied = (leaf: Leaf, a: number, b: number): boolean => equalAt(leaf.events, a, b) && equalAt(leaf.tie ?? leaf.known, a, b);

/** The first values of `[from, to)` that are not null, at most `limit`, in the order event time, tie, value. */
export function earliest(leaf: Leaf, column: Column, form: ColumnForm, from: number, to: number, limit: number): Value[] {
  const found: Value[] = [];
  for (let row = from; row < to && found.length < limit;) {
    const start = found.length;
    const first = row;
    for (; row < to && (row === first || isTied(leaf, row, first)); row++) {
      const value = valueAt(column, form, row);
      if (value !== null) found.push(value);
    }
    if (found.length - start > 1) for (const value of found.splice(start).sort(compareValues)) found.push(value);
  }
  return found.length > limit ? found.slice(0, limit) : found;
}

/** The last values, likewise, in the same order. */
export function latest(leaf: Leaf, column: Column, form: ColumnForm, from: number, to: number, limit: number): Value[] {
  const found: Value[] = [];
  for (let row = to - 1; row >= from && found.length < limit;) {
    const start = found.length;
    const last = row;
    for (; row >= from && (row === last || isTied(leaf, row, last)); row--) {
      const value = valueAt(column, form, row);
      if (value !== null) found.push(value);
    }
    if (found.length - start > 1) for (const value of found.splice(start).sort((a, b) => compareValues(b, a))) found.push(value);
  }
  return found.slice(0, limit).reverse();
}
