import fc from "fast-check";

import { aggregateToJavascript } from "../../expressions/aggregate-to-javascript.js";
import { aggregates } from "../../expressions/aggregates.js";
import type { TypedAggregate } from "../../expressions/typed-tree.js";
import type { FeatureView, Refresh, WindowFeature } from "../../registry/bound-project.js";
import { compareValues } from "../../values/compare-values.js";
import type { Value } from "../../values/value.js";
import type { ValueType } from "../../values/value-type.js";
import type { StoredEvent } from "../leaf.js";

const span = { start: 0, end: 0 };
const exactFloat = fc.constantFrom(0.5, -1.25, 3, 1e6, -0, 1e-3);

/** Operand types with values that meet each form of a column. */
const operandValues: readonly { type: ValueType; value: fc.Arbitrary<Value> }[] = [
  { type: { kind: "int64" }, value: fc.bigInt({ min: -5n, max: 40n }) },
  { type: { kind: "int64" }, value: fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, 7n, 2n ** 40n) },
  { type: { kind: "decimal", precision: 38, scale: 4 }, value: fc.constantFrom(10n ** 38n - 1n, 1n - 10n ** 38n, 12_345n, -7n) },
  { type: { kind: "decimal", precision: 9, scale: 2 }, value: fc.bigInt({ min: -1000n, max: 1000n }) },
  { type: { kind: "float64" }, value: exactFloat },
  { type: { kind: "string" }, value: fc.constantFrom("", "a", "ab", "😀", "\uffff") },
  { type: { kind: "bool" }, value: fc.boolean() },
  { type: { kind: "timestamp" }, value: fc.constantFrom(-62_135_596_800_000_000n, 253_402_300_799_999_999n, 0n, 5n) },
  { type: { kind: "date" }, value: fc.constantFrom(-719_162, 2_932_896, 0, 19_000) },
  { type: { kind: "list", element: { kind: "int64" } }, value: fc.array(fc.bigInt({ min: 0n, max: 3n }), { maxLength: 2 }) },
];

export interface WindowCase {
  readonly view: FeatureView;
  readonly events: fc.Arbitrary<StoredEvent>;
}

/** A view of aggregates over some operands, and events for it within `[0, until)`. */
export function windowCase(until: number): fc.Arbitrary<WindowCase> {
  const window = fc.oneof(fc.bigInt({ min: 1n, max: BigInt(until) }), fc.constant("unbounded" as const));
  const feature = fc.record({
    name: fc.constantFrom(...aggregates.keys()),
    operand: fc.nat(operandValues.length),
    number: fc.integer({ min: 1, max: 4 }),
    share: fc.constantFrom(0, 0.25, 0.5, 0.9, 1),
    window,
  });
  const settings = fc.record({
    known: fc.boolean(),
    tie: fc.boolean(),
    refresh: fc.constantFrom<Refresh | undefined>(undefined, { every: 1000n, delay: 300n }),
    bounded: fc.boolean(),
    features: fc.array(feature, { minLength: 1, maxLength: 8 }),
  });
  return settings.map(({ known, tie, refresh, bounded, features }) => {
    const chosen = features.flatMap(({ name, operand, number, share, window }, index): WindowFeature[] => {
      const entry = aggregates.get(name);
      const column = operandValues[operand];
      const type = column === undefined ? "" : entry?.resolve(column.type);
      const base = { kind: "window", name: `f${index}`, text: name, pii: false, line: 1 } as const;
      const length = bounded && window === "unbounded" ? 20_000n : window;
      if (entry === undefined || type === undefined || typeof type === "string" || column === undefined) {
        const aggregate: TypedAggregate = { function: "count", type: { kind: "int64" }, span };
        return [{ ...base, type: aggregate.type, window: length, aggregate }];
      }
      const parameter = entry.parameter === "share" ? share : entry.parameter === "number" ? number : undefined;
      const aggregate: TypedAggregate = {
        function: name,
        type,
        operand: { node: "column", name: `x${operand}`, type: column.type, span },
        ...(parameter === undefined ? {} : { parameter }),
        span,
      };
      return [{ ...base, type, window: length, aggregate }];
    });
    const source: FeatureView["source"] = {
      kind: "source",
      name: "events",
      eventTime: "at",
      ...(known ? { knownAt: "known" } : {}),
      ...(tie ? { tieBreak: "tie" } : {}),
      columns: [{ name: "tie", type: { kind: "int64" } }],
      // Only what the online store looks at.
    } as unknown as FeatureView["source"];
    const view = {
      kind: "feature_view",
      name: "windows",
      keys: [{ key: "k", column: "k", type: { kind: "int64" } }],
      source,
      shape: "window",
      online: true,
      entities: [],
      features: chosen,
      ...(refresh === undefined ? {} : { refresh }),
    } as unknown as FeatureView;
    const operands = [
      ...new Set(chosen.flatMap(({ aggregate }) => (aggregate.operand?.node === "column" ? [aggregate.operand.name] : []))),
    ];
    const values = operands.map((name) =>
      fc.option(operandValues[Number(name.slice(1))]?.value ?? fc.constant(null), { nil: null, freq: 6 }),
    );
    // Some moments are common, so that ties, and edges of tiles and windows, are met.
    const moment = fc
      .oneof(
        fc.integer({ min: 0, max: until - 1 }),
        fc.integer({ min: 0, max: 30 }).map((n) => Math.min(until - 1, n * 1024)),
        fc.constantFrom(4095, 4096, 4097),
      )
      .map(BigInt);
    const events = fc
      .record({
        event: moment,
        late: fc.constantFrom(0n, 0n, 1n, -5n, 700n, 9000n),
        tie: fc.option(fc.bigInt({ min: 0n, max: 2n }), { nil: null }),
        operands: fc.tuple(...values),
      })
      .map(({ event, late, tie: broken, operands }): StoredEvent => {
        const moment = known ? event + late : event;
        return { event, known: moment, tie: tie ? broken : moment, operands };
      });
    return { view, events };
  });
}

/** A feature by contracts §3, from raw events; `operand` is its index among the view's operands, -1 for `count(*)`. */
export function foldRaw(
  { aggregate, window }: WindowFeature,
  operand: number,
  events: readonly StoredEvent[],
  c: bigint,
  knownUntil: bigint,
): { value: Value; newest: bigint | null } {
  const inside = events
    .filter(({ event, known }) => event < c && known <= knownUntil && (window === "unbounded" || event >= c - window))
    .sort(
      (a, b) =>
        compareValues(a.event, b.event) ||
        compareValues(a.tie, b.tie) ||
        compareValues(a.operands[operand] ?? null, b.operands[operand] ?? null),
    );
  return {
    value: aggregateToJavascript(aggregate)(inside.map(({ operands }) => (operand < 0 ? 1n : (operands[operand] ?? null)))),
    newest: inside.at(-1)?.event ?? null,
  };
}
