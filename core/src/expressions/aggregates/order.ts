import { compareValues } from "../../values/compare-values.js";
import type { Value } from "../../values/value.js";
import type { Aggregate } from "../aggregate.js";
import { ordered, orderedTo } from "./operand-rules.js";

export const orderAggregates: readonly Aggregate[] = [
  {
    name: "min",
    signature: "min(x)",
    documentation: "Smallest value.",
    example: "min(delay)",
    resolve: ordered,
    duckdb: ({ x, rows }) => `min(${x})${rows}`,
    javascript: () => (present) => present.reduce((best, value) => (compareValues(value, best) < 0 ? value : best)),
    empty: null,
    mergeable: { needs: () => ["min"], finish: () => (state) => state.min() },
  },
  {
    name: "max",
    signature: "max(x)",
    documentation: "Greatest value.",
    example: "max(delay)",
    resolve: ordered,
    duckdb: ({ x, rows }) => `max(${x})${rows}`,
    javascript: () => (present) => present.reduce((best, value) => (compareValues(value, best) > 0 ? value : best)),
    empty: null,
    mergeable: { needs: () => ["max"], finish: () => (state) => state.max() },
  },
  {
    name: "approx_percentile",
    signature: "approx_percentile(x, p)",
    documentation:
      "The smallest value that at least the share p (0 to 1) of the values does not exceed: 0.5 gives the lower median. Always a value that is there, so it works for every type with an order. Exact on every engine, as engines' sketches differ.",
    example: "approx_percentile(delay, 0.5)",
    parameter: "share",
    resolve: ordered,
    duckdb: ({ aggregate: { parameter = 0 }, x, rows }) => `quantile_disc(${x}, CAST('${parameter}' AS DOUBLE))${rows}`,
    javascript:
      ({ parameter = 0 }) =>
      (present) =>
        [...present].sort(compareValues)[percentileIndex(present.length, parameter)] ?? null,
    empty: null,
    mergeable: {
      needs: () => ["groups"],
      finish:
        ({ parameter = 0 }) =>
        (state) => {
          let before = percentileIndex(state.count(), parameter);
          return state.groups().find(({ count }) => (before -= count) < 0)?.value ?? null;
        },
    },
  },
  {
    name: "first",
    signature: "first(x)",
    documentation: "The earliest value by event time.",
    example: "first(state)",
    resolve: ordered,
    duckdb: ({ x, order, present }) => `first(${x} ORDER BY ${order}, ${x})${present}`,
    javascript: () => (present) => present[0] ?? null,
    empty: null,
    mergeable: { needs: () => ["first"], finish: () => (state) => state.first() },
  },
  {
    name: "last",
    signature: "last(x)",
    documentation: "The latest value by event time.",
    example: "last(state)",
    resolve: ordered,
    duckdb: ({ x, order, present }) => `last(${x} ORDER BY ${order}, ${x})${present}`,
    javascript: () => (present) => present.at(-1) ?? null,
    empty: null,
    mergeable: { needs: () => ["last"], finish: () => (state) => state.last() },
  },
  {
    name: "first_n",
    signature: "first_n(x, n)",
    documentation: "The n earliest values, in order of time.",
    example: "first_n(delay, 2)",
    parameter: "number",
    resolve: orderedTo((element) => ({ kind: "list", element })),
    duckdb: ({ aggregate: { parameter = 1 }, x, order, present }) =>
      `(list(${x} ORDER BY ${order}, ${x})${present})[1:${parameter}]`,
    javascript:
      ({ parameter = 1 }) =>
      (present): Value =>
        present.slice(0, parameter),
    empty: null,
    mergeable: {
      needs: () => ["firsts"],
      finish:
        ({ parameter = 1 }) =>
        (state): Value =>
          state.firsts().slice(0, parameter),
    },
  },
  {
    name: "last_n",
    signature: "last_n(x, n)",
    documentation: "The n latest values, in order of time.",
    example: "last_n(delay, 2)",
    parameter: "number",
    resolve: orderedTo((element) => ({ kind: "list", element })),
    duckdb: ({ aggregate: { parameter = 1 }, x, order, present }) =>
      `(list(${x} ORDER BY ${order}, ${x})${present})[-${parameter}:]`,
    javascript:
      ({ parameter = 1 }) =>
      (present): Value =>
        present.slice(-parameter),
    empty: null,
    mergeable: {
      needs: () => ["lasts"],
      finish:
        ({ parameter = 1 }) =>
        (state): Value =>
          state.lasts().slice(-parameter),
    },
  },
];

/** Zero-based place in the sorted values, in the float arithmetic of DuckDB's quantile_disc. */
function percentileIndex(n: number, p: number): number {
  return Math.max(1, n - Math.floor(n - n * p)) - 1;
}
