import fc from "fast-check";

import type { Cell, DefinitionText, FeatureText, Question } from "./case.js";
import { show } from "./oracle-values.js";

const hour = 3_600_000_000n;
/** Few distinct hours, so that ties and exact edges are common; some a microsecond beside one. In 2024, or about the epoch. */
const moment = (start: bigint): fc.Arbitrary<string> =>
  fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0n, 0n, 0n, 1n, -1n, hour / 2n))
    .map(([hours, more]) => String(show(start + BigInt(hours) * hour + more, "timestamp")));
const orNull = (value: fc.Arbitrary<Cell>, freq: number): fc.Arbitrary<Cell> => fc.option(value, { nil: null, freq });
const key = orNull(fc.constantFrom(1n, 11n, -(2n ** 53n) - 1n), 15);
const text = orNull(fc.constantFrom("a", "ab", "", "Ä", "😀", "\uffff"), 12);

const eventColumns = { k: "int64", s: "string", at: "timestamp", known: "timestamp", tie: "float64", x: "int64", f: "float64" };
const event = (start: bigint): fc.Arbitrary<Cell[]> =>
  fc
    .record({
      k: key,
      s: text,
      at: orNull(moment(start), 25),
      known: orNull(moment(start), 10),
      late: fc.boolean(),
      tie: orNull(fc.constantFrom(1, 2), 8),
      x: orNull(fc.bigInt({ min: -5n, max: 40n }), 8),
      f: orNull(fc.constantFrom(0.5, 1.25, -3, 1e6, "NaN", "Infinity", "-Infinity"), 8),
    })
    .map(({ k, s, at, known, late, tie, x, f }) => [k, s, at, late ? known : at, tie, x, f]);

const rowFeatures: readonly (readonly [expression: string, type: string])[] = [
  ["x", "int64"],
  ["s", "string"],
  ["f", "float64"],
  ["at", "timestamp"],
  ["x + 1", "int64"],
  ["x / 2.0", "float64"],
  ["x > 15", "bool"],
  ["x is null", "bool"],
  ["coalesce(x, -1)", "int64"],
  ["s || '!'", "string"],
  ["f / 0", "float64"],
];
const onDemandFeatures: typeof rowFeatures = [
  ["x + r", "int64"],
  ["coalesce(x, r)", "int64"],
  ["x - f", "float64"],
  ["r * 2", "int64"],
];
const aggregates: readonly (readonly [aggregate: string, type: string])[] = [
  ["count(*)", "int64"],
  ["count(x)", "int64"],
  ["count_distinct(x)", "int64"],
  ["count_distinct(s)", "int64"],
  ["sum(x)", "int64"],
  ["sum(f)", "float64"],
  ["avg(x)", "float64"],
  ["avg(case when x > 15 then 1.0 else 0.0 end)", "float64"],
  ["count(case when x > 15 then x end)", "int64"],
  ["min(x)", "int64"],
  ["min(s)", "string"],
  ["max(f)", "float64"],
  ["max(s)", "string"],
  ["stddev(x)", "float64"],
  ["variance(f)", "float64"],
  ["first(x)", "int64"],
  ["first(s)", "string"],
  ["last(x)", "int64"],
  ["last(f)", "float64"],
  ["first_n(x, 2)", "list<int64>"],
  ["last_n(x, 3)", "list<int64>"],
  ["top_k(x, 2)", "list<int64>"],
];

type View = Extract<DefinitionText, { kind: "feature_view" }>;
const someOf = <T>(list: readonly T[], most: number): fc.Arbitrary<T[]> =>
  fc.array(fc.constantFrom(...list), { minLength: 1, maxLength: most });

const placed = fc
  .tuple(
    fc.constantFrom<Partial<View>>({}, { entity: "one" }, { entity: "two" }, { entities: ["one", "two"] }),
    fc.constantFrom("plain", "late", "tied", "late_tied"),
    fc.constantFrom(
      undefined,
      undefined,
      { every: "1d", delay: "2h" },
      { every: "3h" },
      { every: "6h", delay: "30m" },
      { every: "1h", delay: "1d" },
    ),
  )
  .map(([entities, source, refresh]) => ({ kind: "feature_view" as const, source, ...entities, ...(refresh && { refresh }) }));

function latestView(name: string): fc.Arbitrary<View> {
  const ttl = fc.constantFrom(undefined, "1s", "5h", "1d");
  const features = someOf(rowFeatures, 4).map((chosen) =>
    chosen.map(([expression, type], index): FeatureText => ({ name: `${name}_${index}`, type, expression })),
  );
  return fc
    .tuple(placed, ttl, features)
    .map(([place, age, chosen]) => ({ ...place, ...(age && { ttl: age }), features: chosen }));
}

/** Aggregates that an engine may compute by sliding frames, where many labels meet many events. */
const sliding = aggregates.filter(([aggregate]) => !/first|last|top_k/.test(aggregate));

function windowView(name: string): fc.Arbitrary<View> {
  const feature = fc.tuple(fc.constantFrom(...aggregates), fc.constantFrom("30m", "1h", "6h", "1d", "2d", "unbounded"));
  return fc.tuple(placed, fc.array(feature, { minLength: 1, maxLength: 6 })).map(([place, features]) => ({
    ...place,
    features: features.map(([[aggregate, type], window], index) => ({ name: `${name}_${index}`, type, aggregate, window })),
  }));
}

/** Wide windows over every event: many pairs of labels and events. */
function wideView(name: string): fc.Arbitrary<View> {
  const feature = fc.tuple(fc.constantFrom(...sliding), fc.constantFrom("1d", "2d", "30m", "unbounded"));
  return fc
    .tuple(fc.constantFrom("plain", "tied"), fc.array(feature, { minLength: 1, maxLength: 6 }))
    .map(([from, features]) => ({
      kind: "feature_view",
      source: from,
      features: features.map(([[aggregate, type], window], index) => ({ name: `${name}_${index}`, type, aggregate, window })),
    }));
}

/** A latest-row view of the columns x and f, for the on-demand view to read. */
const basis = placed.map((place): View => ({
  ...place,
  features: [
    { name: "x", type: "int64" },
    { name: "f", type: "float64" },
  ],
}));

const source = (more: object): DefinitionText => ({ kind: "source", path: "data/events.parquet", event_time: "at", ...more });
const fixed = {
  one: { kind: "entity", keys: [{ name: "k", type: "int64" }] },
  two: { kind: "entity", keys: [{ name: "s", type: "string" }] },
  plain: source({}),
  late: source({ known_at: "known" }),
  tied: source({ tie_break: "tie" }),
  late_tied: source({ known_at: "known", tie_break: "tie" }),
} as const satisfies Record<string, DefinitionText>;

/**
 * A random project over one events file that four sources read in their own way: latest rows, windows, and features on
 * demand, with 0 to 2 keys; and labels whose times are timestamps or text.
 */
export const randomQuestion: fc.Arbitrary<Question> = fc
  .tuple(fc.constantFrom(1_704_067_200_000_000n, -30n * hour, -62_135_596_800_000_000n), fc.boolean())
  .chain(([start, asText]) =>
    fc
      .record({
        latest: latestView("latest"),
        window: windowView("window"),
        other: fc.oneof(latestView("other"), windowView("other"), wideView("other")),
        basis,
        onDemand: someOf(onDemandFeatures, 3),
        events: fc.array(event(start + hour), { maxLength: 150, size: "max" }),
        labels: fc.array(
          fc.tuple(key, text, orNull(moment(start + hour), 20), fc.bigInt({ min: 0n, max: 9n })).map((cells): Cell[] => cells),
          { minLength: 1, maxLength: 400, size: "max" },
        ),
      })
      .map(({ latest, window, other, basis: read, onDemand, events, labels }): Question => {
        const onDemandView: DefinitionText = {
          kind: "on_demand_view",
          inputs: ["basis"],
          request: { r: "int64" },
          features: onDemand.map(([expression, type], index) => ({ name: `demand_${index}`, type, expression })),
        };
        const service: DefinitionText = { kind: "feature_service", features: ["latest", "demand", "window", "other"] };
        const table = { columns: eventColumns, rows: events };
        // Until the case P11-null-moment-many passes: beyond 63 labels one without a moment gets the newest row.
        const asked = labels.length < 64 ? labels : labels.filter(([, , moment]) => moment !== null);
        return {
          definitions: { ...fixed, latest, window, other, basis: read, demand: onDemandView, s: service },
          sources: { plain: table, late: table, tied: table, late_tied: table },
          labels: { columns: { k: "int64", s: "string", t: asText ? "string" : "timestamp", r: "int64" }, rows: asked },
          labelsFile: "labels.parquet",
          options: { service: "s", time: "t" },
        };
      }),
  );
