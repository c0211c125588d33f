import type { Cell, Table } from "./case.js";

/** A value of a row as the oracle holds it: int64, moments (microseconds) and decimals (unscaled) are bigint. */
export type Value = bigint | number | string | boolean | null | readonly Value[];
export type Row = Readonly<Record<string, Value>>;

/** NaN and the infinities are null. */
export const finite = (value: Value): Value => (typeof value === "number" && !Number.isFinite(value) ? null : value);
/** The quotient, rounded down. */
export const floor = (a: bigint, b: bigint): bigint => a / b - (a % b < 0n ? 1n : 0n);
const units: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n };
/** Whole microseconds of a duration such as 15m. */
export const microseconds = (text: string): bigint => BigInt(text.slice(0, -1)) * (units[text.slice(-1)] ?? 0n) * 1_000_000n;

/** The scale of a decimal type; 0 of any other. */
export const decimalScale = (type = ""): number => Number(/^decimal\(\d+,(\d+)\)$/.exec(type)?.[1] ?? 0);

export function readRows({ columns, rows }: Table): Row[] {
  const types = Object.entries(columns);
  return rows.map((row) => Object.fromEntries(types.map(([name, type], index) => [name, readCell(row[index] ?? null, type)])));
}

export function readCell(cell: Cell, type: string): Value {
  if (cell === null) return null;
  if (typeof cell === "object") return cell.map((item) => readCell(item, type.slice(5, -1)));
  if (/^int/.test(type)) return BigInt(cell);
  if (/^float/.test(type)) return finite(/^-?inf/.test(String(cell)) ? null : Number(cell));
  if (/^(timestamp|date)/.test(type)) return readMoment(String(cell));
  if (!type.startsWith("decimal")) return cell;
  const [whole = "", fraction = ""] = String(cell).split(".");
  return BigInt(`${whole}${fraction.padEnd(decimalScale(type), "0")}`);
}

/** A value as a key or a feature of the type: text of a whole number is that number, a whole number a float. */
export function widen(value: Value, type: string): Value {
  if (type === "int64" && typeof value === "string") return /^[+-]?\d+$/.test(value) ? BigInt(value) : null;
  return type === "float64" && typeof value === "bigint" ? Number(value) : finite(value);
}

/** Microseconds of an ISO text, UTC where it names no zone; null when it is no moment. */
export function readMoment(text: string): bigint | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const [, sign = "+", hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  return BigInt(date.getTime() - offset * 60_000) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

/** The cell of a value: times as ISO text. */
export function show(value: Value, type: string): Cell {
  if (typeof value !== "bigint" || !/^(timestamp|date)/.test(type)) return showDecimal(value, type);
  const seconds = new Date(Number(floor(value, 1_000_000n)) * 1000).toISOString();
  return type === "date"
    ? seconds.slice(0, 10)
    : `${seconds.slice(0, 19)}.${String(value - floor(value, 1_000_000n) * 1_000_000n).padStart(6, "0")}`;
}

function showDecimal(value: Value, type: string): Cell {
  const scale = decimalScale(type);
  if (typeof value !== "bigint" || scale === 0) return value;
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
