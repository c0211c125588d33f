import { toJsonValue } from "../values/json-value.js";
import type { Value } from "../values/value.js";
import type { Column } from "../values/value-type.js";
import type { ValueType } from "../values/value-type.js";

/** A row's columns as the inside of a JSON object, each with a comma before it; nulls are left out. */
export function rowText(columns: readonly Column[]): (values: readonly Value[]) => string {
  const named = columns.map(({ name, type }) => [`,${JSON.stringify(name)}:`, type] as const);
  return (values) => {
    let text = "";
    for (const [index, [name, type]] of named.entries()) {
      const value = values[index] ?? null;
      if (value !== null) text += name + valueText(value, type);
    }
    return text;
  };
}

/** A value in its JSON form; the sign of a zero stays. */
function valueText(value: Value, type: ValueType): string {
  if (type.kind === "float64" && Object.is(value, -0)) return "-0.0";
  if (type.kind === "list" && Array.isArray(value))
    return `[${value.map((item: Value) => (item === null ? "null" : valueText(item, type.element))).join(",")}]`;
  return JSON.stringify(toJsonValue(value, type));
}

/** One text for one event id: that of its JSON form. */
export function idText(jsonForm: unknown): string {
  return typeof jsonForm === "string" ? jsonForm : JSON.stringify(jsonForm);
}
