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
export function extractPart(unit: string): (micros: bigint) => bigint | number {
  switch (unit) {
    case "year":
      return (micros) => BigInt(civil(micros).year);
    case "quarter":
      return (micros) => BigInt(Math.floor((civil(micros).month - 1) / 3) + 1);
    case "month":
      return (micros) => BigInt(civil(micros).month);
    case "week":
      return (micros) => BigInt(isoWeek(dayNumber(micros)));
    case "day":
      return (micros) => BigInt(civil(micros).day);
    case "hour":
      return (micros) => BigInt(Math.floor(secondOfDay(micros) / 3600));
    case "minute":
      return (micros) => BigInt(Math.floor(secondOfDay(micros) / 60) % 60);
    case "second":
      return (micros) => BigInt(secondOfDay(micros) % 60);
    case "dow":
      return (micros) => BigInt((((dayNumber(micros) + 4) % 7) + 7) % 7);
    case "doy":
      return (micros) => {
        const days = dayNumber(micros);
        return BigInt(days - (daysFromCivil(civilFromDays(days).year, 1, 1) ?? 0) + 1);
      };
    default:
      return (micros) => Number(micros) / 1e6;
  }
}

/** Whole seconds since the epoch, downward: exact as a number, as microseconds beyond 2^53 are not. */
function wholeSeconds(micros: bigint): number {
  const seconds = micros / second;
  return Number(seconds) - (micros < 0n && seconds * second !== micros ? 1 : 0);
}

const dayNumber = (micros: bigint): number => Math.floor(wholeSeconds(micros) / 86_400);
const civil = (micros: bigint): ReturnType<typeof civilFromDays> => civilFromDays(dayNumber(micros));

function secondOfDay(micros: bigint): number {
  const seconds = wholeSeconds(micros);
  return seconds - Math.floor(seconds / 86_400) * 86_400;
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
