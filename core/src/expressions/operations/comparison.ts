import { compareValues } from "../../values/compare-values.js";
import type { Value } from "../../values/value.js";
import type { ValueType } from "../../values/value-type.js";
import { operandType, type Kernel, type Operation } from "../operation.js";
import { allComparable, bool, exactly, string } from "../type-rules.js";
import { like } from "../text-in-javascript.js";

type Constant = (value: unknown) => string;
const nanAboveAll = (type: ValueType): boolean => type.kind === "float64";

/** Code that compares two values of a type that are not null; undefined where JavaScript's operators order otherwise. */
function equalCode(type: ValueType, a: string, b: string): string {
  return nanAboveAll(type) ? `(${a} === ${b} || (${a} !== ${a} && ${b} !== ${b}))` : `${a} === ${b}`;
}

function lessCode(type: ValueType, a: string, b: string, constant: Constant): string {
  if (type.kind === "string") return `${constant(compareValues)}(${a}, ${b}) < 0`;
  return nanAboveAll(type) ? `(${a} < ${b} || (${b} !== ${b} && ${a} === ${a}))` : `${a} < ${b}`;
}

/** `order` tells from compareValues' sign whether the comparison holds. */
function comparison(
  [name, sign, sql]: readonly [name: string, sign: string, sql: string],
  documentation: string,
  example: string,
  order: (sign: number) => boolean,
  inline: (type: ValueType, a: string, b: string, constant: Constant) => string,
): Operation {
  return {
    name,
    signature: `a ${sign} b`,
    documentation,
    example,
    operator: true,
    resolve: allComparable(2, () => bool),
    duckdb: ([a, b]) => `(${a} ${sql} ${b})`,
    javascript: (): Kernel => (a, b) => order(compareValues(a, b)),
    inline: ([a = "", b = ""], call, constant) => inline(operandType(call), a, b, constant),
  };
}

const ordered = "Order; strings by code point, false before true, NaN above every number. Null if either is null.";

export const comparisonOperations: readonly Operation[] = [
  comparison(
    ["equal", "=", "="],
    "Whether two values are equal; null if either is null. NaN equals NaN.",
    "state = 'CA'",
    (sign) => sign === 0,
    equalCode,
  ),
  comparison(
    ["not_equal", "<>", "<>"],
    "Whether two values differ; null if either is null. Also written `!=`.",
    "state <> 'CA'",
    (sign) => sign !== 0,
    (type, a, b) => `!(${equalCode(type, a, b)})`,
  ),
  comparison(["less", "<", "<"], ordered, "delay < 15", (sign) => sign < 0, lessCode),
  comparison(
    ["less_equal", "<=", "<="],
    ordered,
    "delay <= 15",
    (sign) => sign <= 0,
    (type, a, b, constant) => `!(${lessCode(type, b, a, constant)})`,
  ),
  comparison(
    ["greater", ">", ">"],
    ordered,
    "delay > 15",
    (sign) => sign > 0,
    (type, a, b, constant) => lessCode(type, b, a, constant),
  ),
  comparison(
    ["greater_equal", ">=", ">="],
    ordered,
    "delay >= 15",
    (sign) => sign >= 0,
    (type, a, b, constant) => `!(${lessCode(type, a, b, constant)})`,
  ),
  {
    name: "between",
    signature: "x between low and high",
    documentation: "`x >= low and x <= high`; also `not between`.",
    example: "delay between -5 and 15",
    operator: true,
    resolve: allComparable(3, () => bool, 3),
    nulls: "aware",
    duckdb: ([x, low, high]) => `(${x} BETWEEN ${low} AND ${high})`,
    javascript: () => (x, low, high) => {
      if (x === null) return null;
      if (low !== null && compareValues(x, low) < 0) return false;
      if (high !== null && compareValues(x, high) > 0) return false;
      return low === null || high === null ? null : true;
    },
  },
  {
    name: "in",
    signature: "x in (a, …)",
    documentation: "Whether a value is among others; null if it is not and one of them is null. Also `not in`.",
    example: "state in ('CA', 'NY')",
    operator: true,
    resolve: allComparable(2, () => bool),
    nulls: "aware",
    duckdb: ([x, ...others]) => `(${x} IN (${others.join(", ")}))`,
    javascript: (call) => among(call.arguments.slice(1).map((one) => (one.node === "literal" ? one.value : undefined))),
  },
  {
    name: "like",
    signature: "s like pattern",
    documentation: "Whether a text matches: `%` is any text, `_` any one code point; case matters. Also `not like`.",
    example: "name like 'San %'",
    operator: true,
    resolve: exactly([string, string], bool),
    duckdb: ([a, b]) => `(${a} LIKE ${b})`,
    javascript: () => (a, b) => like(a as string, b as string),
  },
];

/** Literals are looked up at once; `undefined` stands for what has to be computed. */
function among(known: readonly (Value | undefined)[]): Kernel {
  if (known.every((value) => typeof value === "string" || typeof value === "bigint")) {
    const values = new Set<Value>(known);
    return (x) => (x === null ? null : values.has(x));
  }
  return (x, ...others) => {
    if (x === null) return null;
    let sawNull = false;
    for (const other of others) {
      if (other === null) sawNull = true;
      else if (compareValues(x, other) === 0) return true;
    }
    return sawNull ? null : false;
  };
}
