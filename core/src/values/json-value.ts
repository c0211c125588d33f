import { SkewproofError } from "../errors.js";
import { parseDate, parseTimestamp, printDate, printTimestamp } from "./timestamp-text.js";
import type { Value } from "./value.js";
import { printValueType } from "./value-type-text.js";
import type { ValueType } from "./value-type.js";

const int64Least = -(2n ** 63n);
const int64Greatest = 2n ** 63n - 1n;

/** Whether an integer fits int64. */
export function isInt64(value: bigint): boolean {
  return value >= int64Least && value <= int64Greatest;
}

/**
 * The JSON form of a value: int64 a number where exact and otherwise a string, decimal a string, timestamp ISO 8601
 * UTC, date `YYYY-MM-DD`, bytes base64, NaN and infinities null.
 */
export function toJsonValue(value: Value, type: ValueType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "int64":
      return typeof value === "bigint" ? integerToJson(value) : value;
    case "float64":
      return typeof value === "number" && !Number.isFinite(value) ? null : value;
    case "decimal":
      return typeof value === "bigint" ? printDecimal(value, type.scale) : value;
    case "timestamp":
      return typeof value === "bigint" ? printTimestamp(value) : value;
    case "date":
      return typeof value === "number" ? printDate(value) : value;
    case "list":
      return Array.isArray(value) ? value.map((item: Value) => toJsonValue(item, type.element)) : value;
    case "bytes":
      return value instanceof Uint8Array ? base64(value) : value;
    case "interval":
      return typeof value === "object" && "months" in value ? { ...value, micros: String(value.micros) } : value;
    case "bool":
    case "string":
    case "null":
      return value;
  }
}

function integerToJson(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

/**
 * The value of a JSON form; numbers may also come as strings, so that int64 beyond 2^53 is exact.
 * Throws `usage` naming what was expected. A fractional or rounded int64 is refused rather than changed.
 */
export function fromJsonValue(json: unknown, type: ValueType): Value {
  if (json === null || json === undefined) return null;
  const parsed = read(json, type);
  if (parsed === undefined)
    throw new SkewproofError("usage", `${JSON.stringify(json).slice(0, 80)} is not a ${printValueType(type)}${hint(type)}.`);
  return parsed;
}

function hint(type: ValueType): string {
  if (type.kind === "timestamp") return "; write it as 2001-06-01T07:00:00Z";
  if (type.kind === "int64") return "; above 2^53 write it as a string";
  return "";
}

function read(json: unknown, type: ValueType): Value | undefined {
  switch (type.kind) {
    case "bool":
      return typeof json === "boolean" ? json : json === "true" ? true : json === "false" ? false : undefined;
    case "int64":
      if (typeof json === "number") return Number.isSafeInteger(json) ? BigInt(json) : undefined;
      return typeof json === "string" && /^[+-]?\d{1,19}$/.test(json) && isInt64(BigInt(json)) ? BigInt(json) : undefined;
    case "float64":
      if (typeof json === "number") return json;
      return typeof json === "string" && json.trim() !== "" && Number.isFinite(Number(json)) ? Number(json) : undefined;
    case "decimal":
      return typeof json === "string" || typeof json === "number" ? parseDecimal(String(json), type) : undefined;
    case "string":
      return typeof json === "string" ? json : undefined;
    case "timestamp":
      return typeof json === "string" ? parseTimestamp(json) : undefined;
    case "date":
      return typeof json === "string" ? parseDate(json) : undefined;
    case "list": {
      if (!Array.isArray(json) || (type.length !== undefined && json.length !== type.length)) return undefined;
      return json.map((item: unknown) => fromJsonValue(item, type.element));
    }
    case "bytes":
      return typeof json === "string" ? fromBase64(json) : undefined;
    case "interval":
    case "null":
      return undefined;
  }
}

/** Unscaled integer of a decimal text with at most the type's scale; undefined when it does not fit exactly. */
export function parseDecimal(text: string, type: { precision: number; scale: number }): bigint | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  const fraction = (match?.[3] ?? "").replace(/0+$/, "");
  if (match === null || fraction.length > type.scale) return undefined;
  const unscaled = BigInt(`${match[2] ?? "0"}${fraction.padEnd(type.scale, "0")}`);
  if (unscaled >= 10n ** BigInt(type.precision)) return undefined;
  return match[1] === "-" ? -unscaled : unscaled;
}

/** `1.20` of unscaled 120 and scale 2. */
export function printDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [a, b, c] = [bytes[index] ?? 0, bytes[index + 1], bytes[index + 2]];
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += b === undefined ? "==" : alphabet.charAt((group >> 6) & 63) + (c === undefined ? "=" : alphabet.charAt(group & 63));
  }
  return text;
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const body = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((body.length * 3) / 4));
  for (let index = 0, at = 0; index < body.length; index += 4) {
    const part = [0, 1, 2, 3].map((offset) => Math.max(0, alphabet.indexOf(body.charAt(index + offset) || "A")));
    const group = ((part[0] ?? 0) << 18) | ((part[1] ?? 0) << 12) | ((part[2] ?? 0) << 6) | (part[3] ?? 0);
    for (const shift of [16, 8, 0]) if (at < bytes.length) bytes[at++] = (group >> shift) & 255;
  }
  return bytes;
}
