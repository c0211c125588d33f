import { toDuckdbType } from "../../offline/duckdb-type.js";
import { compareValues } from "../../values/compare-values.js";
import type { Value } from "../../values/value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { ValueType } from "../../values/value-type.js";
import { commonType, isNumber } from "../common-type.js";
import { decimalSum } from "../decimal-sum-in-duckdb.js";
import { finite, freshName, nonzero, once } from "../duckdb-once.js";
import { operandType, type Call, type Operation, type Resolution } from "../operation.js";
import { allCommon, bool, count, float64, int64, words } from "../type-rules.js";

const sumOfFloats = "of floats within 1e-9 of the sum of absolute terms, as engines add in different orders.";
const floats: ValueType = { kind: "list", element: float64 };

const oneList =
  (result: (element: ValueType) => ValueType | string) =>
  (types: readonly ValueType[]): Resolution => {
    const [list = int64] = types;
    const wrong = count(types, 1);
    if (wrong !== undefined) return wrong;
    if (list.kind === "null") return { type: int64, operands: [{ kind: "list", element: int64 }] };
    if (list.kind !== "list")
      return `takes a list, not ${printValueType(list)}${list.kind === "string" ? "; for a text use length" : ""}`;
    const type = result(list.element.kind === "null" ? int64 : list.element);
    const operand: ValueType = list.element.kind === "null" ? { kind: "list", element: int64 } : list;
    return typeof type === "string" ? type : { type, operands: [operand] };
  };

function twoVectors(types: readonly ValueType[]): Resolution {
  const isVector = (type: ValueType): boolean => type.kind === "null" || (type.kind === "list" && isNumber(type.element));
  if (types.length !== 2 || !types.every(isVector)) return `takes two lists of numbers, not (${words(types)})`;
  const [a, b] = types.map((type) => (type.kind === "list" ? type.length : undefined));
  if (a !== undefined && b !== undefined && a !== b) return `takes lists of one length, not ${a} and ${b} elements`;
  return { type: float64, operands: [floats, floats] };
}

/**
 * SQL over two vectors of one length without nulls; null where they are not that. One null anywhere in a batch of rows
 * makes DuckDB's list_dot_product raise for all of them, so the vectors it is given have none.
 */
function vectors(a: string, b: string, use: (a: string, b: string) => string): string {
  return once([a, b], (x, y) => {
    const item = freshName(x, y);
    const full = (list: string): string => `list_transform(${list}, lambda ${item}: coalesce(${item}, 0))`;
    const fit = `len(${x}) = len(${y}) AND list_count(${x}) = len(${x}) AND list_count(${y}) = len(${y})`;
    return `(CASE WHEN ${fit} THEN ${use(full(x), full(y))} END)`;
  });
}

/** Sum of products of two lists; undefined where a number is missing or the lengths differ. */
function dot(a: readonly Value[], b: readonly Value[]): number | undefined {
  if (a.length !== b.length) return undefined;
  let total = 0;
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [a[index], b[index]];
    if (typeof x !== "number" || typeof y !== "number") return undefined;
    total += x * y;
  }
  return total;
}

/** In DuckDB's list_cosine_similarity a vector of zeros is opposite to all; here it is like none. */
function cosine(a: readonly Value[], b: readonly Value[]): number | null {
  const [product, x, y] = [dot(a, b), dot(a, a), dot(b, b)];
  if (product === undefined || x === undefined || y === undefined) return null;
  const size = Math.sqrt(x * y);
  const value = size === 0 ? NaN : product / size;
  return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : null;
}

export const listOperations: readonly Operation[] = [
  {
    name: "list",
    signature: "[a, b, …]",
    documentation: "A list of values of one type; `[]` is the empty list.",
    example: "[delay, 0]",
    operator: true,
    resolve: (types) => {
      if (types.length === 0) return { type: { kind: "list", element: { kind: "null" } }, operands: [] };
      return allCommon(1, (element) => ({ kind: "list", element }))(types);
    },
    nulls: "aware",
    duckdb: (operands, { type }) => `CAST(list_value(${operands.join(", ")}) AS ${toDuckdbType(type)})`,
    javascript:
      () =>
      (...values) =>
        values,
    inline: (operands) => `[${operands.join(", ")}]`,
  },
  {
    name: "len",
    signature: "len(list)",
    documentation: "Number of elements, nulls among them; 0 of an empty list, null of null.",
    example: "len(embedding)",
    resolve: oneList(() => int64),
    duckdb: ([list]) => `len(${list})`,
    javascript: () => (list) => BigInt((list as readonly Value[]).length),
  },
  {
    name: "list_contains",
    signature: "list_contains(list, x)",
    documentation: "Whether x is an element; null if the list or x is null. Null elements are equal to nothing.",
    example: "list_contains(codes, 3)",
    resolve: (types) => {
      const [list = int64, x = int64] = types;
      const wrong = count(types, 2);
      if (wrong !== undefined) return wrong;
      const element = list.kind === "list" ? commonType(list.element, x) : list.kind === "null" ? x : undefined;
      if (element === undefined || ["list", "bytes", "interval"].includes(element.kind))
        return `takes a list and a value of its elements' type, not (${words(types)})`;
      return { type: bool, operands: [{ kind: "list", element }, element] };
    },
    duckdb: ([list, x]) => `list_contains(${list}, ${x})`,
    javascript: () => (list, x) => (list as readonly Value[]).some((item) => item !== null && compareValues(item, x) === 0),
  },
  {
    name: "list_sum",
    signature: "list_sum(list)",
    documentation:
      "Sum of the elements that are not null, null where there is none; int64 overflow is null, decimals stay exact.",
    example: "list_sum(codes)",
    differs: sumOfFloats,
    resolve: oneList((element) => {
      if (!isNumber(element)) return `takes a list of numbers, not of ${printValueType(element)}`;
      return element.kind === "decimal" ? { ...element, precision: 38 } : element;
    }),
    duckdb: ([list = ""], call) => {
      const operand = operandType(call);
      const element = operand.kind === "list" ? operand.element : operand;
      // Not TRY_CAST: in a comparison DuckDB takes the narrowing of integers away, and the overflow with it.
      if (element.kind !== "decimal") return `TRY(CAST(list_sum(${list}) AS ${toDuckdbType(call.type)}))`;
      return decimalSum(element, (term) => `list_sum(list_transform(${list}, lambda _term: ${term("_term")}))`);
    },
    javascript: sumOfList,
  },
  {
    name: "dot",
    signature: "dot(a, b)",
    documentation: "Sum of the products of two vectors' elements; null where lengths differ or an element is null.",
    example: "dot(embedding, [1, 0, 2])",
    differs: sumOfFloats,
    resolve: twoVectors,
    duckdb: ([a = "", b = ""]) => vectors(a, b, (x, y) => `list_dot_product(${x}, ${y})`),
    javascript: () => (a, b) => dot(a as readonly Value[], b as readonly Value[]) ?? null,
  },
  {
    name: "cosine_similarity",
    signature: "cosine_similarity(a, b)",
    documentation:
      "Cosine of the angle between two vectors, from -1 to 1; null where lengths differ, an element is null, or a vector is all zeros.",
    example: "cosine_similarity(embedding, [1, 0, 2])",
    differs: sumOfFloats,
    resolve: twoVectors,
    duckdb: ([a = "", b = ""]) =>
      vectors(a, b, (x, y) =>
        once([x, y], (p, q) => {
          const size = nonzero(`sqrt(list_dot_product(${p}, ${p}) * list_dot_product(${q}, ${q}))`);
          const value = finite(`list_dot_product(${p}, ${q}) / ${size}`);
          return once([value], (v) => `(CASE WHEN ${v} > 1 THEN 1.0::DOUBLE WHEN ${v} < -1 THEN -1.0::DOUBLE ELSE ${v} END)`);
        }),
      ),
    javascript: () => (a, b) => cosine(a as readonly Value[], b as readonly Value[]),
  },
];

function sumOfList(call: Call): (list: Value) => Value {
  const { type } = call;
  if (type.kind === "float64")
    return (list) => {
      let total: number | null = null;
      for (const item of list as readonly (number | null)[]) if (item !== null) total = (total ?? 0) + item;
      return total;
    };
  const bound = type.kind === "decimal" ? 10n ** 38n : 2n ** 63n;
  return (list) => {
    let total: bigint | null = null;
    for (const item of list as readonly (bigint | null)[]) if (item !== null) total = (total ?? 0n) + item;
    if (total === null) return null;
    const least = type.kind === "decimal" ? 1n - bound : -bound;
    return total < bound && total >= least ? total : null;
  };
}
