import type { Row, Value } from "./oracle-values.js";

const number = (value: Value | undefined): number | null =>
  typeof value === "bigint" || typeof value === "number" ? Number(value) : null;
const integer = (value: Value | undefined): bigint | null => (typeof value === "bigint" ? value : null);
const text = (value: Value | undefined): string | null => (typeof value === "string" ? value : null);

/** `f` of two values, null where either is null; an int64 that overflows is null. */
function both<T, R extends Value>(a: T | null, b: T | null, f: (a: T, b: T) => R): R | null {
  if (a === null || b === null) return null;
  const value = f(a, b);
  return typeof value === "bigint" && BigInt.asIntN(64, value) !== value ? null : value;
}
const plus = (a: Value | undefined, b: Value | undefined): bigint | null => both(integer(a), integer(b), (m, n) => m + n);
const times = (a: Value | undefined, b: bigint): bigint | null => both(integer(a), b, (m, n) => m * n);
const over = (a: Value | undefined, b: number): number | null => both(number(a), b, (m, n) => m / n);
const missing = (value: Value | undefined): boolean => (value ?? null) === null;
const late = (x: Value | undefined): boolean => typeof x === "bigint" && x > 15n;

/**
 * What the expressions of cases and random projects mean, one by one, in plain JavaScript: the oracle has no parser. A
 * bare column needs no entry; NaN and the infinities become null where the value leaves the expression.
 */
export const meanings: Readonly<Record<string, (row: Row) => Value>> = {
  "x + 1": ({ x }) => plus(x, 1n),
  "i + 1": ({ i }) => plus(i, 1n),
  "100 - x": ({ x }) => both(100n, integer(x), (m, n) => m - n),
  "x * 2": ({ x }) => times(x, 2n),
  "r * 2": ({ r }) => times(r, 2n),
  "x + r": ({ x, r }) => plus(x, r),
  "x + g + r": ({ x, g, r }) => plus(plus(x, g), r),
  "x - f": ({ x, f }) => both(number(x), number(f), (m, n) => m - n),
  "f * 2": ({ f }) => both(number(f), 2, (m, n) => m * n),
  "x / 2.0": ({ x }) => over(x, 2),
  "r / 2.0": ({ r }) => over(r, 2),
  "f / 0": () => null,
  "x > 15": ({ x }) => both(integer(x), 15n, (m, n) => m > n),
  "x is null": ({ x }) => missing(x),
  "f is null": ({ f }) => missing(f),
  "r is null": ({ r }) => missing(r),
  "coalesce(x, -1)": ({ x }) => integer(x) ?? -1n,
  "coalesce(x, r)": ({ x, r }) => integer(x) ?? integer(r),
  "case when x > 15 then 1.0 else 0.0 end": ({ x }) => (late(x) ? 1 : 0),
  "case when x > 15 then x end": ({ x }) => (late(x) ? (x ?? null) : null),
  "s || '!'": ({ s }) => both(text(s), "!", (m, n) => m + n),
  '"The Value"': (row) => row["The Value"] ?? null,
};
