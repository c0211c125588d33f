import { isInt64 } from "../values/json-value.js";
import { civilFromDays, daysFromCivil, daysInMonth, floorDivide } from "../values/timestamp-text.js";
import type { Interval } from "../values/value.js";

const day = 86_400_000_000n;
const [hour, minute, second] = [3_600_000_000n, 60_000_000n, 1_000_000n];

function split(micros: bigint): { days: number; inDay: bigint } {
  const days = floorDivide(micros, day);
  return { days: Number(days), inDay: micros - days * day };
}

function startOf(year: number, month: number): bigint {
  return BigInt(daysFromCivil(year, month, 1) ?? 0) * day;
}

/** Months first (the day clamped to the month's end), then days, then microseconds. */
export function addInterval(micros: bigint, { months, days, micros: rest }: Interval, sign: 1 | -1): bigint | null {
  let start = micros;
  if (months !== 0) {
    const { days: date, inDay } = split(micros);
    const { year, month, day: dayOfMonth } = civilFromDays(date);
    const index = year * 12 + month - 1 + sign * months;
    const [newYear, newMonth] = [Math.floor(index / 12), (((index % 12) + 12) % 12) + 1];
    start = startOf(newYear, newMonth) + BigInt(Math.min(dayOfMonth, daysInMonth(newYear, newMonth)) - 1) * day + inDay;
  }
  const result = start + BigInt(sign) * (BigInt(days) * day + rest);
  return isInt64(result) ? result : null;
}

/** A part of a timestamp; `epoch` is a float64, everything else int64. */
export function extractPart(unit: string, micros: bigint): bigint | number {
  const { days, inDay } = split(micros);
  const { year, month, day: dayOfMonth } = civilFromDays(days);
  switch (unit) {
    case "year":
      return BigInt(year);
    case "quarter":
      return BigInt(Math.floor((month - 1) / 3) + 1);
    case "month":
      return BigInt(month);
    case "week":
      return BigInt(isoWeek(days));
    case "day":
      return BigInt(dayOfMonth);
    case "hour":
      return inDay / hour;
    case "minute":
      return (inDay / minute) % 60n;
    case "second":
      return (inDay / second) % 60n;
    case "dow":
      return BigInt((((days + 4) % 7) + 7) % 7);
    case "doy":
      return BigInt(days - (daysFromCivil(year, 1, 1) ?? 0) + 1);
    default:
      return Number(micros) / 1e6;
  }
}

const monday = (days: number): number => days - ((((days + 3) % 7) + 7) % 7);

function isoWeek(days: number): number {
  const thursday = monday(days) + 3;
  const firstOfYear = daysFromCivil(civilFromDays(thursday).year, 1, 1) ?? 0;
  return Math.floor((thursday - firstOfYear) / 7) + 1;
}

/** The start of the unit that holds the moment; weeks start on Monday. */
export function truncateTo(unit: string, micros: bigint): bigint {
  const { days } = split(micros);
  const { year, month } = civilFromDays(days);
  switch (unit) {
    case "year":
      return startOf(year, 1);
    case "quarter":
      return startOf(year, Math.floor((month - 1) / 3) * 3 + 1);
    case "month":
      return startOf(year, month);
    case "week":
      return BigInt(monday(days)) * day;
    case "day":
      return BigInt(days) * day;
    default: {
      const size = unit === "hour" ? hour : unit === "minute" ? minute : second;
      return floorDivide(micros, size) * size;
    }
  }
}

/** Number of unit boundaries crossed from a to b. */
export function boundariesCrossed(unit: string, a: bigint, b: bigint): bigint {
  return ordinal(unit, b) - ordinal(unit, a);
}

function ordinal(unit: string, micros: bigint): bigint {
  const { days } = split(micros);
  const { year, month } = civilFromDays(days);
  switch (unit) {
    case "year":
      return BigInt(year);
    case "quarter":
      return BigInt(year * 4 + Math.floor((month - 1) / 3));
    case "month":
      return BigInt(year * 12 + month);
    case "week":
      return BigInt(Math.floor(monday(days) / 7));
    case "day":
      return BigInt(days);
    default:
      return floorDivide(micros, unit === "hour" ? hour : unit === "minute" ? minute : second);
  }
}
