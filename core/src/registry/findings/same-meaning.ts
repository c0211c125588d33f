import { printAggregate, printExpression } from "../../expressions/print.js";
import { toJsonValue } from "../../values/json-value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { FeatureView, RowFeature, WindowFeature } from "../bound-project.js";
import { featurePath, featureViews, type Findings } from "./context.js";

/** Features of feature views that compute one value from the same rows at the same moments, under two names or in two views. */
export function sameMeaningFindings(findings: Findings): void {
  const ofRows = new Map<string, Map<string, string>>();
  for (const [view, at] of featureViews(findings)) {
    const { rows, values } = meaningsOf(view);
    const seen = ofRows.get(rows) ?? new Map<string, string>();
    ofRows.set(rows, seen);
    for (const [index, value] of values.entries()) {
      const { name = "" } = view.features[index] ?? {};
      const other = seen.get(value);
      if (other === undefined) seen.set(value, `${view.name}.${name}`);
      else
        findings.report.problem(
          at,
          [...featurePath(at, name), "name"],
          "same-meaning",
          `${view.name}.${name} computes the same as ${other}. Keep one, and let the other's readers use it.`,
        );
    }
  }
}

interface Meanings {
  readonly rows: string;
  /** One text per meaning, for each feature in its order. */
  readonly values: readonly string[];
}

// Editors ask at each change, and a view that stayed is the same object.
const known = new WeakMap<FeatureView, Meanings>();

function meaningsOf(view: FeatureView): Meanings {
  const before = known.get(view);
  if (before !== undefined) return before;
  const meanings = { rows: rowsOf(view), values: view.features.map(valueOf) };
  known.set(view, meanings);
  return meanings;
}

/** Which rows a view sees, whatever its source is called. */
function rowsOf({ source, keys, ttl, refresh }: FeatureView): string {
  const { location, eventTime, knownAt, tieBreak } = source;
  const key = keys.map((one) => [one.key, one.column]).sort();
  const times = [ttl, refresh?.every, refresh?.delay].map((micros) => (micros === undefined ? null : String(micros)));
  return JSON.stringify([location, eventTime ?? null, knownAt ?? null, tieBreak ?? null, key, times]);
}

function valueOf({ type, default: fallback, ...feature }: RowFeature | WindowFeature): string {
  const computed =
    feature.kind === "row"
      ? printExpression(feature.expression)
      : `${printAggregate(feature.aggregate)} over ${String(feature.window)}`;
  const otherwise = fallback === undefined ? "" : JSON.stringify(toJsonValue(fallback, type));
  return `${printValueType(type)} ${computed} ${otherwise}`;
}
