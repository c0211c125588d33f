import { toJsonValue } from "../values/json-value.js";
import type { Value } from "../values/value.js";
import type { Column, ValueType } from "../values/value-type.js";

/** A row's columns as the inside of a JSON object, each with a comma before it; nulls are left out. */
export function rowText(columns: readonly Column[]): (values: readonly Value[]) => string {
  const writers = columns.map(({ name, type }) => ({ start: `,${JSON.stringify(name)}:`, write: writer(type) }));
  return (values) => {
    let text = "";
    let index = 0;
    for (const { start, write } of writers) {
      const value = values[index++] ?? null;
      if (value !== null) text += start + write(value);
    }
    return text;
  };
}

/** Writes a value in its JSON form; the sign of a zero stays. */
function writer(type: ValueType): (value: Value) => string {
  switch (type.kind) {
    case "float64":
      return (value) => (Object.is(value, -0) ? "-0.0" : JSON.stringify(value));
    case "bool":
      return (value) => (value === true ? "true" : "false");
    case "string":
      return (value) => JSON.stringify(value);
    case "list": {
      const write = writer(type.element);
      return (value) =>
        Array.isArray(value) ? `[${value.map((item: Value) => (item === null ? "null" : write(item))).join(",")}]` : "null";
    }
    case "int64":
    case "decimal":
    case "timestamp":
    case "date":
    case "bytes":
    case "interval":
    case "null":
      return (value) => JSON.stringify(toJsonValue(value, type));
  }
}

/** One text for one event id: that of its JSON form. */
export function idText(jsonForm: unknown): string {
  return typeof jsonForm === "string" ? jsonForm : JSON.stringify(jsonForm);
}
