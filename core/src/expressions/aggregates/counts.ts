import { compareValues } from "../../values/compare-values.js";
import type { Value } from "../../values/value.js";
import type { Aggregate, Group } from "../aggregate.js";
import { orderedTo } from "./operand-rules.js";

const countDistinct = {
  resolve: orderedTo(() => ({ kind: "int64" })),
  duckdb: ({ x, rows }) => `count(DISTINCT ${x})${rows}`,
  javascript: () => (present) => BigInt(groups(present).length),
  empty: 0n,
  mergeable: { needs: () => ["groups"], finish: () => (state) => BigInt(state.groups().length) },
} satisfies Partial<Aggregate>;

export const countAggregates: readonly Aggregate[] = [
  {
    name: "count",
    signature: "count(*) or count(x)",
    documentation: "Number of rows, or of rows where x is not null; 0 for an empty window.",
    example: "count(*)",
    resolve: () => ({ kind: "int64" }),
    duckdb: ({ x, rows }) => `count(${x})${rows}`,
    javascript: () => (present) => BigInt(present.length),
    empty: 0n,
    mergeable: { needs: () => [], finish: () => (state) => BigInt(state.count()) },
  },
  {
    name: "count_distinct",
    signature: "count_distinct(x)",
    documentation: "Number of different values; 0 for an empty window.",
    example: "count_distinct(state)",
    ...countDistinct,
  },
  {
    name: "approx_count_distinct",
    signature: "approx_count_distinct(x)",
    documentation:
      "Number of different values; 0 for an empty window. Exact on every engine: the sketches that engines offer under this name differ from each other, and a feature has one value.",
    example: "approx_count_distinct(state)",
    ...countDistinct,
  },
  {
    name: "top_k",
    signature: "top_k(x, k)",
    documentation: "The k most frequent values; ties by value, smallest first.",
    example: "top_k(state, 2)",
    parameter: "number",
    resolve: orderedTo((element) => ({ kind: "list", element })),
    duckdb: ({ aggregate: { parameter = 1 }, x, present }) => {
      const counts = `list_transform(map_entries(histogram(${x})${present}), lambda _once: {'c': -(_once.value::BIGINT), 'k': _once.key})`;
      return `list_transform(list_sort(${counts})[1:${parameter}], lambda _once: _once.k)`;
    },
    javascript:
      ({ parameter = 1 }) =>
      (present) =>
        mostFrequent(groups(present), parameter),
    empty: null,
    mergeable: {
      needs: () => ["groups"],
      finish:
        ({ parameter = 1 }) =>
        (state) =>
          mostFrequent(state.groups(), parameter),
    },
  },
];

/** The sort is stable, so equal counts keep the order of their values. */
function mostFrequent(found: readonly Group[], k: number): Value[] {
  return [...found]
    .sort((a, b) => b.count - a.count)
    .slice(0, k)
    .map(({ value }) => value);
}

/** The different values in order, and how often each is there. */
function groups(present: readonly Value[]): Group[] {
  const found: { value: Value; count: number }[] = [];
  for (const value of [...present].sort(compareValues)) {
    const last = found.at(-1);
    if (last !== undefined && compareValues(last.value, value) === 0) last.count++;
    else found.push({ value, count: 1 });
  }
  return found;
}
