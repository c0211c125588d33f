import { sameType } from "../values/value-type-text.js";
import type { ValueType } from "../values/value-type.js";

/** A number's kind, or null, which stands for any. */
export const isNumber = (type: ValueType): boolean => ["int64", "float64", "decimal", "null"].includes(type.kind);
export const isTime = (type: ValueType): boolean => ["timestamp", "date", "null"].includes(type.kind);

/**
 * The type that holds the values of both, or undefined: int64 → decimal → float64, date → timestamp, null → anything,
 * lists by their elements.
 */
export function commonType(a: ValueType, b: ValueType): ValueType | undefined {
  if (sameType(a, b) || b.kind === "null") return a;
  if (a.kind === "null") return b;
  if (isNumber(a) && isNumber(b)) {
    if (a.kind === "float64" || b.kind === "float64") return { kind: "float64" };
    const [x, y] = [decimalOf(a), decimalOf(b)];
    const scale = Math.max(x.scale, y.scale);
    return decimal(Math.max(x.precision - x.scale, y.precision - y.scale) + scale, scale);
  }
  if (a.kind === "list" && b.kind === "list") {
    const element = commonType(a.element, b.element);
    if (element === undefined) return undefined;
    return a.length !== undefined && a.length === b.length
      ? { kind: "list", element, length: a.length }
      : { kind: "list", element };
  }
  return isTime(a) && isTime(b) ? { kind: "timestamp" } : undefined;
}

/** Digits of a decimal; of an int64 what it takes to hold every one. */
export function decimalOf(type: ValueType): { precision: number; scale: number } {
  return type.kind === "decimal" ? type : { precision: 19, scale: 0 };
}

/** A decimal of at most 38 digits: what does not fit is null. */
export function decimal(precision: number, scale: number): ValueType {
  return { kind: "decimal", precision: Math.min(precision, 38), scale };
}
