import { printValueType } from "../../values/value-type-text.js";
import type { ValueType } from "../../values/value-type.js";

export const isNumeric = (type: ValueType): boolean => ["int64", "float64", "decimal"].includes(type.kind);

/** A type whose values have an order. */
export const ordered = (type: ValueType): ValueType | string =>
  ["interval", "bytes", "null", "list"].includes(type.kind) ? `cannot take ${printValueType(type)}` : type;

/** A number; the result is float64. */
export const toFloat = (type: ValueType): ValueType | string =>
  isNumeric(type) ? { kind: "float64" } : `takes a number, not ${printValueType(type)}`;

/** A value that has an order; the result is `type`. */
export const orderedTo =
  (type: (operand: ValueType) => ValueType) =>
  (operand: ValueType): ValueType | string => {
    const element = ordered(operand);
    return typeof element === "string" ? element : type(element);
  };
