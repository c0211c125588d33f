import { aggregateToJavascript } from "../expressions/aggregate-to-javascript.js";
import { castValue } from "../expressions/cast-in-javascript.js";
import { printExpression } from "../expressions/print.js";
import { featureValue } from "../expressions/to-javascript.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import { cutOff } from "../online/online-view.js";
import type { FeatureView } from "../registry/bound-project.js";
import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";

/** A source row of one key, as far as a view's values depend on it. Times in microseconds. */
export interface SourceRow {
  readonly event: bigint;
  readonly known: bigint;
  /** When it came in; null where the source does not say. */
  readonly received: bigint | null;
  readonly tie: Value;
  /** By expression of the view: operands of windows, features of the latest row. */
  readonly values: readonly Value[];
}

/** A view's features, in its order. */
export interface Seen {
  readonly values: readonly Value[];
  /** Of the latest row; null where there is none, and of windows. */
  readonly event: bigint | null;
  /** The latest row is older than the view's ttl. */
  readonly isExpired: boolean;
}

/** What a view would say of a key if it were given these rows and no others. */
export interface SeenView {
  /** The expressions of the source row that `SourceRow.values` holds. */
  readonly expressions: readonly TypedExpression[];
  /** The features at `t` (contracts §3) over those rows that `isThere` accepts. Rows come in the order of event time. */
  at(rows: readonly SourceRow[], t: bigint, isThere: (row: SourceRow) => boolean): Seen;
  /** The rows that count at `t` and that `isThere` refuses. */
  refused(rows: readonly SourceRow[], t: bigint, isThere: (row: SourceRow) => boolean): SourceRow[];
}

/** The moment a row became visible. */
export const visibleAt = ({ event, known }: SourceRow): bigint => (known > event ? known : event);

export function seenView(view: FeatureView): SeenView {
  return view.shape === "latest" ? seenLatest(view) : seenWindows(view);
}

function compareRows(a: SourceRow, b: SourceRow): number {
  return compareValues(a.event, b.event) || compareValues(a.tie, b.tie) || compareValues(a.values, b.values);
}

function seenLatest(view: FeatureView): SeenView {
  const expressions = view.features.flatMap((feature) => (feature.kind === "row" ? [feature.expression] : []));
  const defaults = view.features.map((feature) => feature.default ?? null);

  function winner(rows: readonly SourceRow[], t: bigint, isThere: (row: SourceRow) => boolean): SourceRow | undefined {
    const { c, knownUntil } = cutOff(view, t);
    let best: SourceRow | undefined;
    for (let index = firstFrom(rows, view.refresh === undefined ? c + 1n : c) - 1; index >= 0; index--) {
      const row = rows[index];
      if (row === undefined || (best !== undefined && row.event < best.event)) break;
      if (row.known <= knownUntil && isThere(row) && (best === undefined || compareRows(row, best) > 0)) best = row;
    }
    return best;
  }

  return {
    expressions,
    at(rows, t, isThere) {
      const best = winner(rows, t, isThere);
      if (best === undefined) return { values: defaults, event: null, isExpired: false };
      const isExpired = view.ttl !== undefined && cutOff(view, t).c - best.event > view.ttl;
      const values = isExpired ? defaults : best.values.map((value, index) => value ?? defaults[index] ?? null);
      return { values, event: best.event, isExpired };
    },
    refused(rows, t, isThere) {
      const best = winner(rows, t, () => true);
      return best === undefined || isThere(best) ? [] : [best];
    },
  };
}

const ordered = new Set(["first", "last", "first_n", "last_n"]);

function seenWindows(view: FeatureView): SeenView {
  const expressions: TypedExpression[] = [];
  const printed: string[] = [];
  const features = view.features.flatMap((feature) => {
    if (feature.kind !== "window") return [];
    const { operand } = feature.aggregate;
    const text = operand === undefined ? "" : printExpression(operand);
    if (operand !== undefined && !printed.includes(text)) {
      printed.push(text);
      expressions.push(operand);
    }
    return [
      { feature, operand: operand === undefined ? -1 : printed.indexOf(text), fold: aggregateToJavascript(feature.aggregate) },
    ];
  });

  function counted(rows: readonly SourceRow[], t: bigint, window: bigint | "unbounded"): SourceRow[] {
    const { c, knownUntil } = cutOff(view, t);
    const start = window === "unbounded" ? 0 : firstFrom(rows, c - window);
    return rows.slice(start, firstFrom(rows, c)).filter(({ known }) => known <= knownUntil);
  }

  return {
    expressions,
    at(rows, t, isThere) {
      const byWindow = new Map<bigint | "unbounded", SourceRow[]>();
      const values = features.map(({ feature, operand, fold }) => {
        const there = byWindow.get(feature.window) ?? counted(rows, t, feature.window).filter(isThere);
        byWindow.set(feature.window, there);
        const inOrder = ordered.has(feature.aggregate.function)
          ? [...there].sort((a, b) => compareOperands(a, b, operand))
          : there;
        const operands = inOrder.map((row) => (operand < 0 ? row.event : (row.values[operand] ?? null)));
        const value = featureValue(castValue(fold(operands), feature.aggregate.type, feature.type));
        return value ?? feature.default ?? null;
      });
      return { values, event: null, isExpired: false };
    },
    refused(rows, t, isThere) {
      const widest = features
        .map(({ feature }) => feature.window)
        .reduce((a, b) => (a === "unbounded" || b === "unbounded" ? "unbounded" : a > b ? a : b));
      return counted(rows, t, widest).filter((row) => !isThere(row));
    },
  };
}

function compareOperands(a: SourceRow, b: SourceRow, operand: number): number {
  return (
    compareValues(a.event, b.event) ||
    compareValues(a.tie, b.tie) ||
    compareValues(a.values[operand] ?? null, b.values[operand] ?? null)
  );
}

/** Index of the first row whose event time is at least `least`. */
function firstFrom(rows: readonly SourceRow[], least: bigint): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.event ?? 0n) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
