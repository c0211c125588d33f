import { printValueType } from "../values/value-type-text.js";
import type { ValueType } from "../values/value-type.js";

/** One aggregate of contracts §3: over an expression of the source row, nulls skipped. */
export interface Aggregate {
  readonly name: string;
  readonly signature: string;
  readonly documentation: string;
  /** Whether it takes a whole number as second argument. */
  readonly parameter: boolean;
  /** The result's type for an operand's type, or what is wrong. */
  readonly resolve: (operand: ValueType) => ValueType | string;
}

const numeric = (type: ValueType): boolean => ["int64", "float64", "decimal"].includes(type.kind);
const ordered = (type: ValueType): ValueType | string =>
  ["interval", "bytes", "null", "list"].includes(type.kind) ? `cannot take ${printValueType(type)}` : type;
const toFloat = (type: ValueType): ValueType | string =>
  numeric(type) ? { kind: "float64" } : `takes a number, not ${printValueType(type)}`;
const listOf = (type: ValueType): ValueType | string => {
  const element = ordered(type);
  return typeof element === "string" ? element : { kind: "list", element };
};

const all: readonly Aggregate[] = [
  {
    name: "count",
    signature: "count(*) or count(x)",
    documentation: "Number of rows, or of rows where x is not null; 0 for an empty window.",
    parameter: false,
    resolve: () => ({ kind: "int64" }),
  },
  {
    name: "count_distinct",
    signature: "count_distinct(x)",
    documentation: "Number of different values; 0 for an empty window.",
    parameter: false,
    resolve: (type) => {
      const element = ordered(type);
      return typeof element === "string" ? element : { kind: "int64" };
    },
  },
  {
    name: "sum",
    signature: "sum(x)",
    documentation: "Sum; int64 overflow is null; decimals stay exact.",
    parameter: false,
    resolve: (type) =>
      type.kind === "decimal" ? { ...type, precision: 38 } : numeric(type) ? type : `takes a number, not ${printValueType(type)}`,
  },
  { name: "avg", signature: "avg(x)", documentation: "Mean as float64.", parameter: false, resolve: toFloat },
  { name: "min", signature: "min(x)", documentation: "Smallest value.", parameter: false, resolve: ordered },
  { name: "max", signature: "max(x)", documentation: "Greatest value.", parameter: false, resolve: ordered },
  {
    name: "variance",
    signature: "variance(x)",
    documentation: "Sample variance; null for fewer than two values.",
    parameter: false,
    resolve: toFloat,
  },
  {
    name: "stddev",
    signature: "stddev(x)",
    documentation: "Sample standard deviation; null for fewer than two values.",
    parameter: false,
    resolve: toFloat,
  },
  {
    name: "first",
    signature: "first(x)",
    documentation: "The earliest value by event time.",
    parameter: false,
    resolve: ordered,
  },
  { name: "last", signature: "last(x)", documentation: "The latest value by event time.", parameter: false, resolve: ordered },
  {
    name: "first_n",
    signature: "first_n(x, n)",
    documentation: "The n earliest values, in order of time.",
    parameter: true,
    resolve: listOf,
  },
  {
    name: "last_n",
    signature: "last_n(x, n)",
    documentation: "The n latest values, in order of time.",
    parameter: true,
    resolve: listOf,
  },
  {
    name: "top_k",
    signature: "top_k(x, k)",
    documentation: "The k most frequent values; ties by value, smallest first.",
    parameter: true,
    resolve: listOf,
  },
];

/** Every aggregate, by name. */
export const aggregates: ReadonlyMap<string, Aggregate> = new Map(all.map((aggregate) => [aggregate.name, aggregate]));
