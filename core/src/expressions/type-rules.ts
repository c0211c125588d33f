import { printValueType } from "../values/value-type-text.js";
import type { ValueType } from "../values/value-type.js";
import { commonType, decimal, decimalOf, isNumber, isTime } from "./common-type.js";
import type { Resolution } from "./operation.js";

export const bool: ValueType = { kind: "bool" };
export const int64: ValueType = { kind: "int64" };
export const float64: ValueType = { kind: "float64" };
export const string: ValueType = { kind: "string" };
export const timestamp: ValueType = { kind: "timestamp" };

type Rule = (types: readonly ValueType[]) => Resolution;

export const words = (types: readonly ValueType[]): string => types.map(printValueType).join(", ");

export function count(types: readonly ValueType[], wanted: number): string | undefined {
  return types.length === wanted ? undefined : `takes ${wanted} argument${wanted === 1 ? "" : "s"}, not ${types.length}`;
}

/** Arguments of these types, or of types that widen to them. */
export function exactly(wanted: readonly ValueType[], result: ValueType): Rule {
  return (types) => {
    const fits = types.every((type, index) => {
      const target = wanted[index];
      return target !== undefined && (type.kind === "null" || commonType(type, target)?.kind === target.kind);
    });
    return (
      count(types, wanted.length) ??
      (fits ? { type: result, operands: wanted } : `takes (${words(wanted)}), not (${words(types)})`)
    );
  };
}

/** At least so many values of one type, whatever it is. */
export function allCommon(least: number, result: (common: ValueType) => ValueType, most = Infinity): Rule {
  return (types) => {
    if (types.length < least) return `takes at least ${least} argument${least === 1 ? "" : "s"}, not ${types.length}`;
    if (types.length > most) return `takes ${most} argument${most === 1 ? "" : "s"}, not ${types.length}`;
    let common: ValueType | undefined = { kind: "null" };
    for (const type of types) common = common === undefined ? undefined : commonType(common, type);
    if (common === undefined || common.kind === "interval") return `needs values of one type, not (${words(types)})`;
    return { type: result(common), operands: types.map(() => common) };
  };
}

/** The same of a type whose values are compared: no lists, no bytes. */
export function allComparable(least: number, result: (common: ValueType) => ValueType, most = Infinity): Rule {
  const rule = allCommon(least, result, most);
  return (types) => {
    const found = rule(types);
    const common = typeof found === "string" ? undefined : found.operands[0];
    return common?.kind === "list" || common?.kind === "bytes" ? `does not compare ${printValueType(common)} values` : found;
  };
}

/** `+` and `-`: numbers, and a time with an interval. */
export function additive(types: readonly ValueType[]): Resolution {
  const [a = int64, b = int64] = types;
  if (isTime(a) && b.kind === "interval") return { type: timestamp, operands: [timestamp, b] };
  if (!isNumber(a) || !isNumber(b)) return `takes two numbers, or a timestamp and an interval, not (${words(types)})`;
  const common = commonType(a, b) ?? float64;
  if (common.kind !== "decimal") return pair(common);
  const [x, y] = [decimalOf(a), decimalOf(b)];
  const scale = Math.max(x.scale, y.scale);
  return pair(decimal(Math.max(x.precision - x.scale, y.precision - y.scale) + scale + 1, scale));
}

function pair(common: ValueType): Resolution {
  const type = common.kind === "null" ? int64 : common;
  return { type, operands: [type, type] };
}

export function multiplicative(types: readonly ValueType[]): Resolution {
  const [a = int64, b = int64] = types;
  if (!isNumber(a) || !isNumber(b)) return `takes two numbers, not (${words(types)})`;
  const common = commonType(a, b) ?? float64;
  if (common.kind !== "decimal") return pair(common);
  const [x, y] = [decimalOf(a), decimalOf(b)];
  if (x.scale + y.scale > 38) return `would need a scale of ${x.scale + y.scale}; cast one side to a smaller scale`;
  return {
    type: decimal(x.precision + y.precision, x.scale + y.scale),
    operands: [decimal(x.precision, x.scale), decimal(y.precision, y.scale)],
  };
}

/** `%`: the common type of two numbers. */
export function remainder(types: readonly ValueType[]): Resolution {
  const [a = int64, b = int64] = types;
  if (!isNumber(a) || !isNumber(b)) return `takes two numbers, not (${words(types)})`;
  return pair(commonType(a, b) ?? float64);
}

/** `//`: the same, but a quotient of decimals has no places. */
export function wholeQuotient(types: readonly ValueType[]): Resolution {
  const found = remainder(types);
  return typeof found === "string" || found.type.kind !== "decimal"
    ? found
    : { ...found, type: decimal(found.type.precision, 0) };
}

/** One number; `result` gives the call's type from the number's. */
export function oneNumber(result: (type: ValueType) => ValueType): Rule {
  return (types) => {
    const [a = int64] = types;
    const wrong = count(types, 1);
    if (wrong !== undefined) return wrong;
    if (!isNumber(a)) return `takes a number, not ${words(types)}`;
    const type = a.kind === "null" ? int64 : a;
    return { type: result(type), operands: [type] };
  };
}

/** A literal first argument, such as a unit, and so many moments. */
export function moments(wanted: number, result: (literal: string | undefined) => ValueType) {
  return (types: readonly ValueType[], literals: readonly (string | undefined)[]): Resolution => {
    const times = types.slice(1);
    if (types[0]?.kind !== "string" || times.length !== wanted || !times.every(isTime))
      return `takes a unit and ${wanted} timestamp${wanted === 1 ? "" : "s"}, not (${words(types)})`;
    return { type: result(literals[0]), operands: [string, ...times.map(() => timestamp)] };
  };
}
