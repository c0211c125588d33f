import type { ValueType } from "./value-type.js";

const simple = new Map<string, ValueType>(
  (["bool", "int64", "float64", "string", "timestamp", "date", "bytes"] as const).map((kind) => [kind, { kind }]),
);
simple.set("int32", { kind: "int64" }).set("float32", { kind: "float64" });

/** The names that can be written for a type, for messages and completion. */
export const typeNames: readonly string[] = [...simple.keys(), "decimal(18,2)", "list<float64>"];

/** The type a text names (contracts §1), or undefined. `int32` is int64 and `float32` float64: they are widened on read. */
export function parseValueType(text: string): ValueType | undefined {
  const trimmed = text.trim();
  const known = simple.get(trimmed);
  if (known !== undefined) return known;
  const decimal = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/.exec(trimmed);
  if (decimal !== null) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    return precision >= 1 && precision <= 38 && scale <= precision ? { kind: "decimal", precision, scale } : undefined;
  }
  const list = /^list<(.+)>$/.exec(trimmed);
  if (list?.[1] !== undefined) {
    const element = parseValueType(list[1]);
    return element === undefined ? undefined : { kind: "list", element };
  }
  const fixed = /^(\w+)\[(\d{1,6})\]$/.exec(trimmed);
  if (fixed?.[1] !== undefined) {
    const element = simple.get(fixed[1]);
    return element === undefined ? undefined : { kind: "list", element, length: Number(fixed[2]) };
  }
  return undefined;
}

/** The spelling of contracts §1. */
export function printValueType(type: ValueType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "list":
      return type.length === undefined
        ? `list<${printValueType(type.element)}>`
        : `${printValueType(type.element)}[${type.length}]`;
    default:
      return type.kind;
  }
}

/** Whether two types hold the same values in the same form. */
export function sameType(a: ValueType, b: ValueType): boolean {
  return printValueType(a) === printValueType(b);
}
