import { printAggregate, printExpression } from "../expressions/print.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import type { FeatureView } from "../registry/bound-project.js";
import { canonicalJson } from "../runs/canonical-json.js";
import { toJsonValue } from "../values/json-value.js";
import { floorDivide } from "../values/timestamp-text.js";
import { printValueType } from "../values/value-type-text.js";
import type { Row } from "../values/value.js";
import { FORMAT } from "./encoding.js";
import { keyLayout, type KeyLayout } from "./key-layout.js";

/** How one view is laid out in the online store. */
export interface OnlineView {
  readonly view: FeatureView;
  /** Canonical text of everything that decides what is stored; a change of meaning gets another key space. */
  readonly meaning: string;
  /** Window views: the distinct operands that are stored per row. */
  readonly operands: readonly TypedExpression[];
  /** By feature: index into `operands`, or -1 for `count(*)`. */
  readonly operandOf: readonly number[];
  /** Microseconds an event can still matter, or unbounded. */
  readonly retention: bigint | "unbounded";
  /** Window views: how a key's events and tiles stand in its parts. */
  readonly layout: KeyLayout;
}

/** The key space of a view's meaning, in the form of bytes that this version writes. `digest` is SHA-256 in hexadecimal. */
export function spaceName(project: string, { view, meaning }: OnlineView, digest: (text: string) => string): string {
  return `${project}/${view.name}/${FORMAT}.${digest(meaning).slice(0, 16)}`;
}

export function onlineView(view: FeatureView): OnlineView {
  const operands: TypedExpression[] = [];
  const texts: string[] = [];
  const operandOf = view.features.map((feature) => {
    if (feature.kind !== "window" || feature.aggregate.operand === undefined) return -1;
    const text = printExpression(feature.aggregate.operand);
    if (!texts.includes(text)) {
      texts.push(text);
      operands.push(feature.aggregate.operand);
    }
    return texts.indexOf(text);
  });
  const lengths = view.features.map((feature) => (feature.kind === "window" ? feature.window : 0n));
  const widest = lengths.reduce((a, b) => (a === "unbounded" || b === "unbounded" ? "unbounded" : a > b ? a : b), 0n);
  const slack = view.refresh === undefined ? 0n : view.refresh.every + view.refresh.delay;
  return {
    view,
    meaning: meaning(view),
    operands,
    operandOf,
    retention: widest === "unbounded" ? widest : widest + slack,
    layout: keyLayout(view, operands, operandOf),
  };
}

function meaning(view: FeatureView): string {
  const { location, eventTime, knownAt, tieBreak } = view.source;
  return canonicalJson({
    location,
    eventTime: eventTime ?? null,
    knownAt: knownAt ?? null,
    tieBreak: tieBreak ?? null,
    refresh: view.refresh === undefined ? null : [String(view.refresh.every), String(view.refresh.delay)],
    keys: view.keys.map(({ key, column, type }) => [key, column, printValueType(type)]),
    features: view.features.map((feature) => [
      feature.name,
      printValueType(feature.type),
      feature.kind === "row"
        ? printExpression(feature.expression)
        : `${printAggregate(feature.aggregate)} ${String(feature.window)}`,
    ]),
  });
}

/** One text per key, by the declared types; composite keys never collide. Undefined when a part is null. */
export function keyText(view: FeatureView, keys: Row): string | undefined {
  const parts = view.keys.map(({ key, type }) => toJsonValue(keys[key] ?? null, type));
  return parts.includes(null) ? undefined : JSON.stringify(parts);
}

/** *c* and the latest moment a row may have become known, for a view asked at `t` (contracts §3.1). */
export function cutOff({ refresh }: FeatureView, t: bigint): { c: bigint; knownUntil: bigint } {
  if (refresh === undefined) return { c: t, knownUntil: t };
  const c = floorDivide(t - refresh.delay, refresh.every) * refresh.every;
  return { c, knownUntil: c + refresh.delay };
}
