import { isInt64, printDecimal } from "../values/json-value.js";
import { floorDivide, parseDate, parseTimestamp, printDate, printTimestamp } from "../values/timestamp-text.js";
import { sameType } from "../values/value-type-text.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { roundHalfAway } from "./round-half-away.js";
import { textForms } from "./text-forms.js";

const day = 86_400_000_000n;

const forms = new Map(Object.entries(textForms).map(([kind, form]) => [kind, new RegExp(`^(?:${form})$`)]));

/** The conversion of one value; null stays null, what cannot be converted is null. */
export function castValue(value: Value, from: ValueType, to: ValueType): Value {
  if (value === null) return null;
  if (typeof value === "string" && forms.get(to.kind)?.test(value) === false) return null;
  switch (to.kind) {
    case "bool":
      if (typeof value === "string") return value === "true";
      return typeof value === "boolean" ? value : Number(value) !== 0;
    case "int64":
      return toInteger(value, from);
    case "float64":
      return toFloat(value, from);
    case "decimal":
      return toDecimal(value, from, to);
    case "string":
      return toText(value, from);
    case "timestamp":
      if (typeof value === "string") return parseTimestamp(value) ?? null;
      return from.kind === "date" && typeof value === "number" ? BigInt(value) * day : value;
    case "date":
      if (typeof value === "string") return parseDate(value) ?? null;
      return typeof value === "bigint" ? Number(floorDivide(value, day)) : value;
    case "list":
      return Array.isArray(value) && from.kind === "list" ? toList(value as readonly Value[], from, to) : value;
    default:
      return value;
  }
}

type List = Extract<ValueType, { kind: "list" }>;

function toList(items: readonly Value[], from: List, to: List): Value {
  if (to.length !== undefined && items.length !== to.length) return null;
  if (sameType(from.element, to.element)) return items;
  return items.map((item) => castValue(item, from.element, to.element));
}

function inRange(value: bigint): bigint | null {
  return isInt64(value) ? value : null;
}

function toInteger(value: Value, from: ValueType): Value {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return Number.isFinite(value) ? inRange(BigInt(Math.trunc(value))) : null;
  if (typeof value === "string") return inRange(BigInt(value.replace("+", "")));
  if (typeof value !== "bigint") return null;
  return inRange(from.kind === "decimal" ? rescale(value, from.scale, 0) : value);
}

function toFloat(value: Value, from: ValueType): Value {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return Number(value);
  if (typeof value !== "bigint") return value;
  return from.kind === "decimal" ? decimalToFloat(value, from.scale) : Number(value);
}

/** The nearest float: of two exact floats the quotient is, and otherwise the text's reading is. */
export function decimalToFloat(unscaled: bigint, scale: number): number {
  const exact = scale <= 22 && unscaled <= 9_007_199_254_740_992n && unscaled >= -9_007_199_254_740_992n;
  return exact ? Number(unscaled) / (powers[scale] ?? 1) : Number(printDecimal(unscaled, scale));
}

/** Powers of ten as the nearest floats; `10 ** 23` is not one in every engine. */
const powers = Array.from({ length: 39 }, (_, exponent) => Number(`1e${exponent}`));

function toDecimal(value: Value, from: ValueType, to: { precision: number; scale: number }): Value {
  if (typeof value === "string") {
    const scale = value.includes(".") ? value.length - value.indexOf(".") - 1 : 0;
    const exact = BigInt(value.replace(/[+.]/g, ""));
    return within(rescale(exact, scale, to.scale), to.precision);
  }
  if (typeof value === "boolean") return within(value ? 10n ** BigInt(to.scale) : 0n, to.precision);
  if (typeof value === "number") {
    // As DuckDB does it: scaled as a float, rounded half away from zero, and compared with the bound as a float.
    const scaled = roundHalfAway(value * (powers[to.scale] ?? 1));
    return Math.abs(scaled) < (powers[to.precision] ?? 0) ? BigInt(scaled) : null;
  }
  if (typeof value !== "bigint") return null;
  return within(rescale(value, from.kind === "decimal" ? from.scale : 0, to.scale), to.precision);
}

function within(value: bigint, precision: number): bigint | null {
  const bound = 10n ** BigInt(precision);
  return value < bound && value > -bound ? value : null;
}

/** Another scale, rounded half away from zero. */
export function rescale(value: bigint, from: number, to: number): bigint {
  if (to >= from) return value * 10n ** BigInt(to - from);
  const unit = 10n ** BigInt(from - to);
  const magnitude = ((value < 0n ? -value : value) + unit / 2n) / unit;
  return value < 0n ? -magnitude : magnitude;
}

function toText(value: Value, from: ValueType): Value {
  if (typeof value === "boolean") return value ? "true" : "false";
  if (from.kind === "date" && typeof value === "number") return isWritten(value) ? printDate(value) : null;
  if (typeof value === "number") return printFloat(value);
  if (typeof value !== "bigint") return value;
  if (from.kind === "decimal") return printDecimal(value, from.scale);
  if (from.kind !== "timestamp") return String(value);
  if (!isWritten(Number(floorDivide(value, day)))) return null;
  const text = printTimestamp(value).replace("T", " ").slice(0, -1);
  return text.includes(".") ? text.replace(/0+$/, "") : text;
}

/** Only the years 0001 to 9999 have a written form. */
function isWritten(days: number): boolean {
  return days >= -719_162 && days <= 2_932_896;
}

/** DuckDB's form: shortest digits, always with a point or an exponent, exponent outside 1e-4 … 1e16. */
function printFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits = "0", exponentText = "0"] = shortest(Math.abs(value)).split("e");
  const exponent = Number(exponentText);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const magnitude = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits}e${exponent < 0 ? "-" : "+"}${magnitude}`;
  }
  const plain = placePoint(digits.replace(".", ""), exponent);
  return `${sign}${plain}${plain.includes(".") ? "" : ".0"}`;
}

/**
 * The fewest digits that give a float back, with an exponent. Where two such texts are equally near, engines take the
 * even one; JavaScript's takes the greater.
 */
function shortest(value: number): string {
  const text = value.toExponential();
  const [digits = "", exponent = ""] = text.split("e");
  const places = Math.max(0, digits.length - 2);
  const [exact = ""] = value.toExponential(places + 25).split("e");
  if (!/[13579]$/.test(digits) || !/^50*$/.test(exact.slice(places === 0 ? 2 : places + 2))) return text;
  const lower = `${exact.slice(0, places === 0 ? 1 : places + 2)}e${exponent}`;
  return Number(lower) === value ? lower : text;
}

/** Digits with the point after the one that `exponent` names, from -4 to 15. */
function placePoint(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const rest = digits.slice(exponent + 1);
  return rest === "" ? whole : `${whole}.${rest}`;
}
