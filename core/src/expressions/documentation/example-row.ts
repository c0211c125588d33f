import type { Value } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";

interface Cell extends Column {
  readonly value: Value;
}

/** The row that the examples of the documentation are about: a flight from San Francisco. */
export const exampleRow: readonly Cell[] = [
  { name: "origin", type: { kind: "string" }, value: "SFO" },
  { name: "name", type: { kind: "string" }, value: "San Francisco Intl" },
  { name: "state", type: { kind: "string" }, value: "CA" },
  { name: "weather", type: { kind: "string" }, value: null },
  { name: "hub", type: { kind: "bool" }, value: true },
  { name: "delay", type: { kind: "int64" }, value: 17n },
  { name: "late", type: { kind: "int64" }, value: 12n },
  { name: "departures", type: { kind: "int64" }, value: 48n },
  { name: "distance", type: { kind: "float64" }, value: 337.5 },
  { name: "fare", type: { kind: "decimal", precision: 8, scale: 2 }, value: 12_950n },
  { name: "scheduled_at", type: { kind: "timestamp" }, value: 1_615_706_100_000_000n },
  { name: "booked_on", type: { kind: "date" }, value: 18_690 },
  { name: "codes", type: { kind: "list", element: { kind: "int64" } }, value: [3n, 5n, null] },
  { name: "embedding", type: { kind: "list", element: { kind: "float64" }, length: 3 }, value: [1, 0, 2] },
];

/** The rows of one window that the examples of aggregates are about, in order of time. */
export const exampleWindow: readonly Readonly<Record<string, Value>>[] = [
  { delay: 17n, state: "CA", fare: 12_950n },
  { delay: -3n, state: "NY", fare: 8_900n },
  { delay: null, state: "CA", fare: 12_950n },
  { delay: 40n, state: null, fare: 21_000n },
];
