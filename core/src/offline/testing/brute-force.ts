import { aggregateToJavascript } from "../../expressions/aggregate-to-javascript.js";
import { expressionToJavascript, featureValue } from "../../expressions/to-javascript.js";
import type { FeatureView } from "../../registry/bound-project.js";
import { compareValues } from "../../values/compare-values.js";
import { floorDivide } from "../../values/timestamp-text.js";
import type { Row, Value } from "../../values/value.js";

/**
 * Contracts §3 word by word, row by row, without SQL and without cleverness: what a view's features are for one key at
 * one moment. `keys` maps the entity's keys to values; times are microseconds.
 */
export function bruteForce(view: FeatureView, rows: readonly Row[], keys: Row, t: bigint | null): Row {
  const nothing = Object.fromEntries(view.features.map(({ name }) => [name, null]));
  if (t === null || view.keys.some(({ key }) => (keys[key] ?? null) === null)) return nothing;

  const { eventTime, knownAt, tieBreak } = view.source;
  const event = (row: Row): bigint => row[eventTime ?? ""] as bigint;
  const c = view.refresh === undefined ? t : floorDivide(t - view.refresh.delay, view.refresh.every) * view.refresh.every;
  const knownUntil = view.refresh === undefined ? t : c + view.refresh.delay;
  const visible = rows.filter((row) => {
    if (!view.keys.every(({ key, column }) => compareValues(row[column] ?? null, keys[key] ?? null) === 0)) return false;
    if ((row[eventTime ?? ""] ?? null) === null) return false;
    const known = knownAt === undefined ? event(row) : (row[knownAt] ?? null);
    if (known === null || (known as bigint) > knownUntil) return false;
    return view.shape === "latest" && view.refresh === undefined ? event(row) <= t : event(row) < c;
  });
  const tie = (row: Row): Value => row[tieBreak ?? knownAt ?? eventTime ?? ""] ?? null;
  return view.shape === "latest" ? (latest(view, visible, event, tie, c) ?? nothing) : windows(view, visible, event, tie, c);
}

function latest(
  view: FeatureView,
  visible: readonly Row[],
  event: (row: Row) => bigint,
  tie: (row: Row) => Value,
  c: bigint,
): Row | undefined {
  const candidates = visible.map((row) => ({
    row,
    values: view.features.map((feature) =>
      feature.kind === "row" ? featureValue(expressionToJavascript(feature.expression)(row)) : null,
    ),
  }));
  const [best] = candidates.sort(
    (a, b) =>
      compareValues(event(b.row), event(a.row)) || compareValues(tie(b.row), tie(a.row)) || compareValues(b.values, a.values),
  );
  if (best === undefined || (view.ttl !== undefined && c - event(best.row) > view.ttl)) return undefined;
  return Object.fromEntries(view.features.map(({ name }, index) => [name, best.values[index] ?? null]));
}

function windows(
  view: FeatureView,
  visible: readonly Row[],
  event: (row: Row) => bigint,
  tie: (row: Row) => Value,
  c: bigint,
): Row {
  const values = view.features.map((feature) => {
    if (feature.kind !== "window") return [feature.name, null];
    const { window, aggregate } = feature;
    const operand = aggregate.operand === undefined ? () => 1n : expressionToJavascript(aggregate.operand);
    const inside = visible
      .filter((row) => window === "unbounded" || event(row) >= c - window)
      .map((row) => ({ row, value: featureValue(operand(row)) }))
      .sort(
        (a, b) =>
          compareValues(event(a.row), event(b.row)) || compareValues(tie(a.row), tie(b.row)) || compareValues(a.value, b.value),
      );
    return [feature.name, aggregateToJavascript(aggregate)(inside.map(({ value }) => value))];
  });
  return Object.fromEntries(values) as Row;
}
