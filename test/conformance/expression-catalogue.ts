import type { Row, Value } from "./oracle-values.js";

const number = (value: Value | undefined): number | null =>
  typeof value === "bigint" || typeof value === "number" ? Number(value) : null;
const integer = (value: Value | undefined): bigint | null => (typeof value === "bigint" ? value : null);
const text = (value: Value | undefined): string | null => (typeof value === "string" ? value : null);
/** `f` of two numbers; null where either is null. */
const both = (a: number | null, b: number | null, f: (a: number, b: number) => number | null): number | null =>
  a === null || b === null ? null : f(a, b);

/**
 * What the expressions of cases and random projects mean, one by one, in plain JavaScript: the oracle has no parser. A
 * bare column needs no entry.
 */
export const meanings: Readonly<Record<string, (row: Row) => Value>> = {
  "x + 1": ({ x }) => (typeof x === "bigint" ? x + 1n : null),
  "x + r": ({ x, r }) => (typeof x === "bigint" && typeof r === "bigint" ? x + r : null),
  "coalesce(x, r)": ({ x, r }) => integer(x) ?? integer(r),
  "r * 2": ({ r }) => (typeof r === "bigint" ? r * 2n : null),
  "100 - x": ({ x }) => (typeof x === "bigint" ? 100n - x : null),
  '"The Value"': (row) => row["The Value"] ?? null,
  "x * 2": ({ x }) => (typeof x === "bigint" ? x * 2n : null),
  "x / 2.0": ({ x }) => both(number(x), 2, (a, b) => a / b),
  "x > 15": ({ x }) => (typeof x === "bigint" ? x > 15n : null),
  "x is null": ({ x }) => (x ?? null) === null,
  "coalesce(x, -1)": ({ x }) => integer(x) ?? -1n,
  "case when x > 15 then 1.0 else 0.0 end": ({ x }) => (typeof x === "bigint" && x > 15n ? 1 : 0),
  "case when x > 15 then x end": ({ x }) => (typeof x === "bigint" && x > 15n ? x : null),
  "upper(s)": ({ s }) => text(s)?.toUpperCase() ?? null,
  "s || '!'": ({ s }) => (typeof s === "string" ? `${s}!` : null),
  "f / 0": () => null,
  "f * 2": ({ f }) => both(number(f), 2, (a, b) => a * b),
  "x - f": ({ x, f }) => both(number(x), number(f), (a, b) => a - b),
};
