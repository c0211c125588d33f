import { SkewproofError } from "../errors.js";
import type { Stream } from "../registry/bound-project.js";
import { fromJsonValue } from "../values/json-value.js";
import { didYouMean } from "../values/nearest-name.js";
import type { Value } from "../values/value.js";
import { printValueType } from "../values/value-type-text.js";
import type { ValueType } from "../values/value-type.js";

/** The row's values in the order of the schema, or the sentence that says which column does not fit, and why. */
export type ReadRow = (json: unknown) => readonly Value[] | string;

/**
 * Reads rows as JSON gives them (int64 and decimals as numbers or texts, int64 as bigint too). A column that is not
 * there is null; one that the schema does not have is refused, since a misspelt name would otherwise be a null for ever.
 * NaN and infinities become null. The event time and the event id are not null.
 */
export function rowReader({ schema, int32, eventId }: Stream, eventTime: string | undefined): ReadRow {
  const names = new Set(schema.map(({ name }) => name));
  const narrow = new Set(int32);
  const needed = [...new Set([eventTime, eventId].filter((name) => name !== undefined))].map(
    (name) => [name, schema.findIndex((column) => column.name === name)] as const,
  );
  const readers = schema.map(({ name, type }) => [name, reader(type, narrow.has(name))] as const);
  return (json) => {
    if (typeof json !== "object" || json === null || Array.isArray(json)) return "The row is not an object of columns.";
    // An object that is no array: its own keys are what JSON had.
    const row = json as Readonly<Record<string, unknown>>;
    const values: Value[] = [];
    let found = 0;
    for (const [name, read] of readers) {
      if (!Object.hasOwn(row, name)) {
        values.push(null);
        continue;
      }
      found++;
      const given = row[name];
      try {
        values.push(given === null || given === undefined ? null : read(given));
      } catch (error) {
        return `${name}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    if (Object.keys(row).length > found) {
      const unknown = Object.keys(row).find((name) => !names.has(name)) ?? "";
      return `${unknown}: the schema has no such column.${didYouMean(unknown, names)}`;
    }
    for (const [name, index] of needed)
      if (index >= 0 && values[index] === null) return `${name}: is null, and every row needs one.`;
    return values;
  };
}

/** `json` is not null. */
type ReadValue = (json: unknown) => Value;

function reader(type: ValueType, isInt32: boolean): ReadValue {
  switch (type.kind) {
    case "int64":
      return (json) => {
        const value = fromJsonValue(typeof json === "bigint" ? String(json) : json, type);
        if (isInt32 && typeof value === "bigint" && BigInt.asIntN(32, value) !== value)
          throw refused(`${value} is beyond int32.`);
        return value;
      };
    case "float64":
      return (json) => {
        if (typeof json === "number") return Number.isFinite(json) ? json : null;
        if (typeof json === "string" && /^\s*[+-]?(nan|inf|infinity)\s*$/i.test(json)) return null;
        return fromJsonValue(json, type);
      };
    case "decimal":
      return (json) => {
        if (typeof json === "number" && significantDigits(json) > 15)
          throw refused(`${json} has more digits than a JSON number keeps; write the ${printValueType(type)} as a text.`);
        return fromJsonValue(json, type);
      };
    case "string":
      return (json) => {
        if (typeof json === "string" && /\p{Surrogate}/u.test(json)) throw refused("The text has half of a surrogate pair.");
        return fromJsonValue(json, type);
      };
    case "timestamp":
      return (json) => {
        const value = fromJsonValue(json, type);
        if (typeof value === "bigint" && (value < firstMoment || value > lastMoment))
          throw refused("The time is outside the years 0001 to 9999.");
        return value;
      };
    case "date":
      return (json) => {
        const value = fromJsonValue(json, type);
        if (typeof value === "number" && value < firstDay) throw refused("The time is outside the years 0001 to 9999.");
        return value;
      };
    case "list": {
      const read = reader(type.element, isInt32);
      return (json) => {
        if (!Array.isArray(json)) return fromJsonValue(json, type);
        if (type.length !== undefined && json.length !== type.length)
          throw refused(`The list has ${json.length} elements; ${printValueType(type)} has ${type.length}.`);
        return json.map((item: unknown) => (item === null || item === undefined ? null : read(item)));
      };
    }
    case "bool":
    case "bytes":
    case "interval":
    case "null":
      return (json) => fromJsonValue(json, type);
  }
}

const firstDay = -719_162;
const firstMoment = BigInt(firstDay) * 86_400_000_000n;
const lastMoment = 253_402_300_799_999_999n;

const refused = (message: string): SkewproofError => new SkewproofError("usage", message);

function significantDigits(value: number): number {
  return (/^-?([\d.]+)/.exec(String(value))?.[1] ?? "").replace(".", "").replace(/^0+|0+$/g, "").length;
}
