import fc from "fast-check";

import { compareValues } from "../../values/compare-values.js";
import type { Row, Value } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";

export const columns: readonly Column[] = [
  { name: "k", type: { kind: "int64" } },
  { name: "s", type: { kind: "string" } },
  { name: "at", type: { kind: "timestamp" } },
  { name: "known", type: { kind: "timestamp" } },
  { name: "tie", type: { kind: "int64" } },
  { name: "x", type: { kind: "int64" } },
  { name: "f", type: { kind: "float64" } },
];
export const labelColumns: readonly Column[] = [
  { name: "k", type: { kind: "int64" } },
  { name: "s", type: { kind: "string" } },
  { name: "t", type: { kind: "timestamp" } },
  { name: "n", type: { kind: "int64" } },
];

export const hour = 3_600_000_000n;
export const base = 1_000_000n * hour;
/** Few distinct moments, so that ties and exact window edges are common; some a microsecond beside an edge. */
const moment = fc
  .tuple(fc.bigInt({ min: 0n, max: 24n }), fc.constantFrom(0n, 0n, 0n, 1n, -1n, hour / 2n))
  .map(([hours, more]) => base + hours * hour + more);
const orNull = <T>(value: fc.Arbitrary<T>, freq = 8): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq });
const key = orNull(fc.constantFrom(1n, 11n), 12);
const text = orNull(fc.constantFrom("a", "ab"), 12);
export const event: fc.Arbitrary<Row> = fc
  .record({
    k: key,
    s: text,
    at: orNull(moment, 20),
    late: orNull(fc.bigInt({ min: -3n, max: 20n }), 10),
    tie: orNull(fc.constantFrom(1n, 2n)),
    x: orNull(fc.bigInt({ min: -5n, max: 40n })),
    f: orNull(fc.constantFrom(0.5, 1.25, -3, 1e6)),
  })
  .map(({ late, ...row }) => ({ ...row, known: row.at === null || late === null ? null : row.at + late * hour }));
export const label: fc.Arbitrary<Row> = fc.record({ k: key, s: text, t: orNull(moment, 15) });

export const settings = fc.record({
  known: fc.boolean(),
  tie: fc.boolean(),
  composite: fc.boolean(),
  refresh: fc.constantFrom("", "refresh: { every: 1d, delay: 2h }", "refresh: { every: 3h }"),
  ttl: fc.constantFrom("", "ttl: 5h", "ttl: 1s"),
});

/** A project over `events` with a latest, two window and an unbounded view, in one service `all`. */
export function definitions({
  known,
  tie,
  composite,
  refresh,
  ttl,
}: {
  known: boolean;
  tie: boolean;
  composite: boolean;
  refresh: string;
  ttl: string;
}): string {
  const view = (name: string, more: string, features: string): string => `---
kind: feature_view
name: ${name}
${composite ? "entities: [one, two]" : "entity: one"}
source: events
owner: o
${more}
${refresh}
features:
${features}`;
  return `kind: entity
name: one
keys: [{ name: k, type: int64 }]
---
kind: entity
name: two
keys: [{ name: s, type: string }]
---
kind: source
name: events
path: data/events.parquet
event_time: at
${known ? "known_at: known" : ""}
${tie ? "tie_break: tie" : ""}
${view("latest", ttl, "  - { name: x, type: int64 }\n  - { name: half, type: float64, expression: x / 2.0 }\n")}
${view(
  "windows",
  "",
  `  - { name: n_1h, type: int64, aggregate: count(*), window: 1h }
  - { name: n_1d, type: int64, aggregate: count(x), window: 1d }
  - { name: sum_1d, type: int64, aggregate: sum(x), window: 1d }
  - { name: avg_6h, type: float64, aggregate: avg(x), window: 6h }
  - { name: max_6h, type: float64, aggregate: max(f), window: 6h }
  - { name: first_1d, type: int64, aggregate: first(x), window: 1d }
  - { name: last_1d, type: int64, aggregate: last(x), window: 1d }
  - { name: late_1d, type: float64, aggregate: "avg(case when x > 15 then 1.0 else 0.0 end)", window: 1d }`,
)}
${view(
  "framed",
  "",
  `  - { name: rows_2h, type: int64, aggregate: count(*), window: 2h }
  - { name: late_6h, type: float64, aggregate: "avg(case when x > 15 then 1.0 else 0.0 end)", window: 6h }
  - { name: total_1d, type: int64, aggregate: sum(x), window: 1d }
  - { name: spread_1d, type: float64, aggregate: variance(x), window: 1d }
  - { name: least_all, type: float64, aggregate: min(f), window: unbounded }
  - { name: kinds_6h, type: int64, aggregate: count_distinct(s), window: 6h }`,
)}
${view("always", "", "  - { name: n_all, type: int64, aggregate: count(*), window: unbounded }\n  - { name: kinds, type: int64, aggregate: count_distinct(x), window: unbounded }")}
---
kind: feature_service
name: all
features: [latest, windows, framed, always]
owner: o
`;
}

export const close = (a: Value, b: Value): boolean =>
  compareValues(a, b) === 0 ||
  (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)));
export const show = (value: Value): string => (typeof value === "bigint" ? `${value}` : JSON.stringify(value));
