import { daysFromCivil } from "../values/timestamp-text.js";

const [least, greatest] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n];
const daySeconds = 86_400;

/** What is known of one UTC day: its offset in seconds, and where within the day it changes to another. */
interface Day {
  readonly offset: number;
  readonly changesAt: number;
  readonly then: number;
}

/** Days are few in practice; beyond this many the memory is given back. */
const mostDays = 20_000;

/** The clock of a zone at an instant, both in microseconds; null outside the years 0001 to 9999. */
export function atZone(zone: string): (micros: bigint) => bigint | null {
  const offsetAt = zoneOffsets(zone);
  const days = new Map<number, Day>();
  const dayAt = (number: number): Day => {
    const start = number * daySeconds;
    const [offset, then] = [offsetAt(start), offsetAt(start + daySeconds)];
    let changesAt = start + daySeconds;
    // The second at which the offset changes, by halving; a day has at most one change of the offset.
    for (let low = start; offset !== then && changesAt - low > 1;) {
      const middle = Math.floor((low + changesAt) / 2);
      if (offsetAt(middle) === offset) low = middle;
      else changesAt = middle;
    }
    return { offset, changesAt, then };
  };
  return (micros) => {
    if (micros < least || micros > greatest) return null;
    // Whole seconds; microseconds of these years fit a float64's 53 bits only after division.
    const seconds = Number((micros - least) / 1_000_000n) - 62_135_596_800;
    const number = Math.floor(seconds / daySeconds);
    let day = days.get(number);
    if (day === undefined) {
      if (days.size >= mostDays) days.clear();
      day = dayAt(number);
      days.set(number, day);
    }
    return micros + BigInt(seconds < day.changesAt ? day.offset : day.then) * 1_000_000n;
  };
}

/** Seconds east of UTC of a zone at a second since the epoch. */
function zoneOffsets(zone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (seconds) => {
    const part: Partial<Record<string, string>> = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) part[type] = value;
    const number = (name: string): number => Number(part[name]);
    const year = part["era"] === "BC" ? 1 - number("year") : number("year");
    const days = daysFromCivil(year, number("month"), number("day")) ?? 0;
    return days * daySeconds + number("hour") * 3600 + number("minute") * 60 + number("second") - seconds;
  };
}
