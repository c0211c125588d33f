import { compareValues } from "../values/compare-values.js";
import { isInt64 } from "../values/json-value.js";
import type { Interval, Row, Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { castValue } from "./cast-in-javascript.js";
import { md5 } from "./md5.js";
import { changeCase, like, substring, trimSpaces } from "./text-in-javascript.js";
import { addInterval, boundariesCrossed, extractPart, truncateTo } from "./time-in-javascript.js";
import type { TypedExpression } from "./typed-tree.js";

/** Computes one expression for a row. */
export type Evaluate = (row: Row) => Value;

type Call = Extract<TypedExpression, { node: "call" }>;

/** A function of closures, one per node of the tree: no code is generated, no input makes it throw. A missing column is null. */
export function expressionToJavascript(tree: TypedExpression): Evaluate {
  switch (tree.node) {
    case "literal": {
      const { value } = tree;
      return () => value;
    }
    case "column": {
      const { name } = tree;
      return (row) => row[name] ?? null;
    }
    case "cast": {
      const { operand, type } = tree;
      const evaluate = expressionToJavascript(operand);
      return (row) => castValue(evaluate(row), operand.type, type);
    }
    case "case": {
      const branches = tree.branches.map(
        ({ when, then }) => [expressionToJavascript(when), expressionToJavascript(then)] as const,
      );
      const otherwise: Evaluate = tree.otherwise === undefined ? () => null : expressionToJavascript(tree.otherwise);
      return (row) => (branches.find(([when]) => when(row) === true)?.[1] ?? otherwise)(row);
    }
    case "call":
      return callToJavascript(tree, tree.arguments.map(expressionToJavascript));
  }
}

/** A feature's value as it leaves an expression: NaN and infinities are null. */
export function featureValue(value: Value): Value {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}

/** Operations that look at nulls themselves; in all others a null operand gives null. */
const nullAware: Readonly<Record<string, (operands: readonly Evaluate[]) => Evaluate>> = {
  and:
    ([a, b]) =>
    (row) =>
      both(a?.(row), b?.(row), false),
  or:
    ([a, b]) =>
    (row) =>
      both(a?.(row), b?.(row), true),
  is_null:
    ([a]) =>
    (row) =>
      a?.(row) === null,
  is_not_null:
    ([a]) =>
    (row) =>
      a?.(row) !== null,
  coalesce: (operands) => (row) => first(operands, row, (value) => value !== null),
  least: (operands) => (row) => extreme(operands, row, -1),
  greatest: (operands) => (row) => extreme(operands, row, 1),
  concat: (operands) => (row) => operands.reduce((text, operand) => text + ((operand(row) as string | null) ?? ""), ""),
  nullif:
    ([a, b]) =>
    (row) => {
      const [x = null, y = null] = [a?.(row), b?.(row)];
      return x !== null && y !== null && compareValues(x, y) === 0 ? null : x;
    },
  in:
    ([a, ...items]) =>
    (row) => {
      const x = a?.(row) ?? null;
      if (x === null) return null;
      let sawNull = false;
      for (const item of items) {
        const y = item(row);
        if (y === null) sawNull = true;
        else if (compareValues(x, y) === 0) return true;
      }
      return sawNull ? null : false;
    },
};

/** Three-valued and/or: `decisive` wins over null. */
function both(a: Value | undefined, b: Value | undefined, decisive: boolean): Value {
  if (a === decisive || b === decisive) return decisive;
  return a === null || b === null ? null : !decisive;
}

function first(operands: readonly Evaluate[], row: Row, wanted: (value: Value) => boolean): Value {
  for (const operand of operands) {
    const value = operand(row);
    if (wanted(value)) return value;
  }
  return null;
}

function extreme(operands: readonly Evaluate[], row: Row, direction: 1 | -1): Value {
  let best: Value = null;
  for (const operand of operands) {
    const value = operand(row);
    if (value !== null && (best === null || compareValues(value, best) * direction > 0)) best = value;
  }
  return best;
}

function callToJavascript(call: Call, operands: readonly Evaluate[]): Evaluate {
  const aware = nullAware[call.operation];
  if (aware !== undefined) return aware(operands);
  const apply = strict(call);
  const [a, b, c] = operands;
  if (a === undefined) throw new Error(`${call.operation} has operands`);
  if (b === undefined)
    return (row) => {
      const x = a(row);
      return x === null ? null : apply(x, null, null);
    };
  if (c === undefined)
    return (row) => {
      const x = a(row);
      const y = x === null ? null : b(row);
      return x === null || y === null ? null : apply(x, y, null);
    };
  return (row) => {
    const [x, y, z] = [a(row), b(row), c(row)];
    return x === null || y === null || z === null ? null : apply(x, y, z);
  };
}

type Apply = (a: Value, b: Value, c: Value) => Value;

// The casts below state what the type checker of the language has established for each operand.
const integers =
  (compute: (a: bigint, b: bigint) => bigint | null): Apply =>
  (a, b) => {
    const result = compute(a as bigint, b as bigint);
    return result !== null && isInt64(result) ? result : null;
  };
const floats =
  (compute: (a: number, b: number) => number | null): Apply =>
  (a, b) =>
    compute(a as number, b as number);
const texts =
  (compute: (a: string, b: string, c: string) => Value): Apply =>
  (a, b, c) =>
    compute(a as string, b as string, c as string);

function decimals(type: { precision: number }, compute: (a: bigint, b: bigint) => bigint): Apply {
  const bound = 10n ** BigInt(type.precision);
  return (a, b) => {
    const result = compute(a as bigint, b as bigint);
    return result < bound && result > -bound ? result : null;
  };
}

function arithmetic(type: ValueType, integer: (a: bigint, b: bigint) => bigint, float: (a: number, b: number) => number): Apply {
  if (type.kind === "decimal") return decimals(type, integer);
  return type.kind === "float64" ? floats(float) : integers(integer);
}

function strict({ operation, type, arguments: operands }: Call): Apply {
  const [first] = operands;
  const unit = first?.node === "literal" && typeof first.value === "string" ? first.value : "";
  const operandKind = first?.type.kind;
  switch (operation) {
    case "add":
      if (type.kind === "timestamp") return (a, b) => addInterval(a as bigint, b as Interval, 1);
      return arithmetic(
        type,
        (a, b) => a + b,
        (a, b) => a + b,
      );
    case "subtract":
      if (type.kind === "timestamp") return (a, b) => addInterval(a as bigint, b as Interval, -1);
      return arithmetic(
        type,
        (a, b) => a - b,
        (a, b) => a - b,
      );
    case "multiply":
      return arithmetic(
        type,
        (a, b) => a * b,
        (a, b) => a * b,
      );
    case "divide":
      return floats((a, b) => (b === 0 ? null : a / b));
    case "integer_divide":
      return integers((a, b) => (b === 0n ? null : a / b));
    case "modulo":
      return type.kind === "int64" ? integers((a, b) => (b === 0n ? null : a % b)) : floats((a, b) => (b === 0 ? null : a % b));
    case "negate":
      return type.kind === "float64" ? floats((a) => -a) : type.kind === "decimal" ? (a) => -(a as bigint) : integers((a) => -a);
    case "not":
      return (a) => a !== true;
    case "equal":
      return (a, b) => compareValues(a, b) === 0;
    case "not_equal":
      return (a, b) => compareValues(a, b) !== 0;
    case "less":
      return (a, b) => compareValues(a, b) < 0;
    case "less_equal":
      return (a, b) => compareValues(a, b) <= 0;
    case "greater":
      return (a, b) => compareValues(a, b) > 0;
    case "greater_equal":
      return (a, b) => compareValues(a, b) >= 0;
    case "like":
      return texts(like);
    case "concat_operator":
      return texts((a, b) => a + b);
    case "ln":
      return floats((a) => (a <= 0 ? null : Math.log(a)));
    case "log10":
      return floats((a) => (a <= 0 ? null : Math.log10(a)));
    case "sqrt":
      return floats((a) => (a < 0 ? null : Math.sqrt(a)));
    case "exp":
      return floats(Math.exp);
    case "pow":
      return floats((a, b) => (Number.isFinite(power(a, b)) ? power(a, b) : null));
    case "abs":
      if (operandKind === "float64") return floats(Math.abs);
      return operandKind === "decimal" ? (a) => magnitude(a as bigint) : integers(magnitude);
    case "sign":
      return operandKind === "int64"
        ? (a) => (a === 0n ? 0n : (a as bigint) > 0n ? 1n : -1n)
        : (a) => BigInt(Math.sign(a as number) || 0);
    case "round":
      return type.kind === "int64" ? (a) => a : floats(roundHalfAway);
    case "floor":
      return type.kind === "int64" ? (a) => a : floats(Math.floor);
    case "ceil":
      return type.kind === "int64" ? (a) => a : floats(Math.ceil);
    case "lower":
      return texts((a) => changeCase(a, "lower"));
    case "upper":
      return texts((a) => changeCase(a, "upper"));
    case "trim":
      return texts(trimSpaces);
    case "length":
      return texts((a) => BigInt(Array.from(a).length));
    case "substr":
      return (a, b, c) => substring(a as string, b as bigint, c as bigint);
    case "replace":
      return texts((a, from, to) => (from === "" ? a : a.replaceAll(from, () => to)));
    case "contains":
      return texts((a, b) => a.includes(b));
    case "starts_with":
      return texts((a, b) => a.startsWith(b));
    case "ends_with":
      return texts((a, b) => a.endsWith(b));
    case "extract":
      return (_, t) => extractPart(unit, t as bigint);
    case "date_trunc":
      return (_, t) => truncateTo(unit, t as bigint);
    case "date_diff":
      return (_, a, b) => boundariesCrossed(unit, a as bigint, b as bigint);
    case "hash_bucket":
      return (s, n) =>
        (n as bigint) > 0n ? BigInt(`0x${md5(new TextEncoder().encode(s as string)).slice(0, 15)}`) % (n as bigint) : null;
    default:
      throw new Error(`to-javascript has no form for ${operation}`);
  }
}

const magnitude = (a: bigint): bigint => (a < 0n ? -a : a);

/** C's pow, which says 1 where JavaScript says NaN. */
function power(a: number, b: number): number {
  return a === 1 || b === 0 ? 1 : a ** b;
}

function roundHalfAway(a: number): number {
  const whole = Math.trunc(a);
  return Math.abs(a - whole) >= 0.5 ? whole + Math.sign(a) : whole;
}
