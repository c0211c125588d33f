import { literalText, type Operation } from "../operation.js";
import { once } from "../duckdb-once.js";
import { timeZoneNames } from "../time-zone-names.js";
import { boundariesCrossed, extractPart, truncateTo } from "../time-in-javascript.js";
import { exactly, float64, int64, moments, string, timestamp } from "../type-rules.js";
import { atZone } from "../zone-in-javascript.js";

const truncateUnits = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];
const extractUnits = [...truncateUnits, "dow", "doy", "epoch"];

const unit = (values: readonly string[]): NonNullable<Operation["choice"]> => ({
  index: 0,
  what: "unit",
  values,
  list: values.join(", "),
});

export const timeOperations: readonly Operation[] = [
  {
    name: "extract",
    signature: "extract(unit from t)",
    documentation: `A part of a timestamp, in UTC: ${extractUnits.join(", ")}. \`dow\` 0 is Sunday; weeks are those of ISO 8601; \`epoch\` is seconds since 1970 as float64, all others int64.`,
    example: "extract(hour from scheduled_at)",
    resolve: moments(1, (literal) => (literal === "epoch" ? float64 : int64)),
    choice: unit(extractUnits),
    // The unit is one of the catalogue's words.
    duckdb: ([, t], call) =>
      `CAST(extract(${literalText(call, 0)} FROM ${t}) AS ${call.type.kind === "float64" ? "DOUBLE" : "BIGINT"})`,
    javascript: (call) => {
      const part = extractPart(literalText(call, 0));
      return (_, t) => part(t as bigint);
    },
  },
  {
    name: "date_trunc",
    signature: "date_trunc(unit, t)",
    documentation: `The start of the unit that holds t, in UTC: ${truncateUnits.join(", ")}. Weeks start on Monday.`,
    example: "date_trunc('day', scheduled_at)",
    resolve: moments(1, () => timestamp),
    choice: unit(truncateUnits),
    duckdb: ([, t], call) => `TRY(CAST(date_trunc('${literalText(call, 0)}', ${t}) AS TIMESTAMP))`,
    javascript: (call) => {
      const name = literalText(call, 0);
      return (_, t) => truncateTo(name, t as bigint);
    },
  },
  {
    name: "date_diff",
    signature: "date_diff(unit, a, b)",
    documentation: `Number of unit boundaries crossed from a to b, in UTC: ${truncateUnits.join(", ")}.`,
    example: "date_diff('day', booked_on, scheduled_at)",
    resolve: moments(2, () => int64),
    choice: unit(truncateUnits),
    duckdb: ([, a, b], call) => {
      const name = literalText(call, 0);
      // DuckDB's own weeks are off by one across the epoch.
      if (name === "week") return `(date_diff('day', date_trunc('week', ${a}), date_trunc('week', ${b})) // 7)`;
      // Its quarters are, before the year 1.
      if (name === "quarter") return `(date_diff('month', date_trunc('quarter', ${a}), date_trunc('quarter', ${b})) // 3)`;
      return `TRY(date_diff('${name}', ${a}, ${b}))`;
    },
    javascript: (call) => {
      const name = literalText(call, 0);
      return (_, a, b) => boundariesCrossed(name, a as bigint, b as bigint);
    },
  },
  {
    name: "at_zone",
    signature: "at_zone(t, 'Region/City')",
    documentation:
      "The clock of a zone of the IANA database at the instant t, as a timestamp to take parts of. Null outside the years 0001 to 9999.",
    example: "extract(hour from at_zone(scheduled_at, 'America/New_York'))",
    differs:
      "each engine has its own edition of the IANA database; recent and future changes of law may be in one and not in the other.",
    resolve: exactly([timestamp, string], timestamp),
    choice: { index: 1, what: "zone", values: timeZoneNames, list: "UTC and names such as Europe/Paris or America/New_York" },
    duckdb: ([t = ""], call) =>
      once(
        [t],
        (x) =>
          `(CASE WHEN ${x} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN timezone('${literalText(call, 1)}', CAST(${x} AS TIMESTAMPTZ)) END)`,
      ),
    javascript: (call) => {
      const local = atZone(literalText(call, 1));
      return (t) => local(t as bigint);
    },
  },
];
