import { parseDuration } from "../values/duration.js";
import { isInt64, parseDecimal } from "../values/json-value.js";
import { parseDate, parseTimestamp } from "../values/timestamp-text.js";
import type { Interval, Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";

/** A literal's type and value, or what is wrong with its text. */
export type Literal =
  | { readonly type: ValueType; readonly value: Value }
  | { readonly code: "number-range" | "invalid-literal"; readonly message: string };

const invalid = (message: string): Literal => ({ code: "invalid-literal", message });
const range = (message: string): Literal => ({ code: "number-range", message });

/** With a point or an exponent float64, otherwise int64. */
export function numberLiteral(text: string): Literal {
  if (/[.eE]/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? { type: { kind: "float64" }, value } : range(`${text} is beyond float64.`);
  }
  const value = text.length > 40 ? undefined : BigInt(text);
  return value !== undefined && isInt64(value)
    ? { type: { kind: "int64" }, value }
    : range(`${text} is beyond int64. Write it with a point for float64, or as decimal '${text}'.`);
}

/** `7d`, `15m`. */
export function durationLiteral(text: string): Literal {
  const micros = parseDuration(text);
  return micros === undefined
    ? invalid(`${text} is not a duration such as 30s, 15m, 1h, 7d or 4w.`)
    : { type: { kind: "interval" }, value: canonicalInterval(0, micros) };
}

/** `interval 7 day`: a whole number and a unit. */
export function intervalLiteral(amount: string, unit: string): Literal {
  const n = /^[+-]?\d{1,9}$/.test(amount) ? BigInt(amount) : undefined;
  const name = unit.toLowerCase().replace(/s$/, "");
  const size = Object.hasOwn(unitMicros, name) ? unitMicros[name] : undefined;
  if (n !== undefined && (name === "year" || name === "month") && n < 1_000_000n && n > -1_000_000n)
    return { type: { kind: "interval" }, value: canonicalInterval(Number(n) * (name === "year" ? 12 : 1), 0n) };
  if (n !== undefined && size !== undefined) return { type: { kind: "interval" }, value: canonicalInterval(0, n * size) };
  return invalid(
    "An interval is written `interval 7 day`, with a whole number and one of year, month, week, day, hour, minute, second.",
  );
}

const day = 86_400_000_000n;
const unitMicros: Readonly<Record<string, bigint>> = {
  week: 7n * day,
  day,
  hour: 3_600_000_000n,
  minute: 60_000_000n,
  second: 1_000_000n,
};

/** One form for one span: a day is 24 hours, since moments are UTC. */
function canonicalInterval(months: number, micros: bigint): Interval {
  return { months, days: Number(micros / day), micros: micros % day };
}

/** `timestamp '…'`, `date '…'`, `decimal '…'`. */
export function typedText(kind: string, text: string): Literal {
  if (kind === "timestamp") {
    const value = parseTimestamp(text);
    return value === undefined
      ? invalid(`'${text}' is not a timestamp; write it as timestamp '2001-06-01 07:00:00'.`)
      : { type: { kind }, value };
  }
  if (kind === "date") {
    const value = parseDate(text);
    return value === undefined ? invalid(`'${text}' is not a date; write it as date '2001-06-01'.`) : { type: { kind }, value };
  }
  const digits = text.replace(/[-+.]/g, "").replace(/^0+(?=\d)/, "");
  const scale = text.includes(".") ? text.length - text.indexOf(".") - 1 : 0;
  const type = { kind: "decimal" as const, precision: Math.max(digits.length, scale, 1), scale };
  const value = type.precision > 38 ? undefined : parseDecimal(text, type);
  return value === undefined
    ? invalid(`'${text}' is not a decimal of at most 38 digits; write it as decimal '1.20'.`)
    : { type, value };
}
