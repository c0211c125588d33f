import { printAggregate, printExpression } from "../../expressions/print.js";
import { toJsonValue } from "../../values/json-value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { FeatureView, RowFeature, WindowFeature } from "../bound-project.js";
import { viewFeatures, type Findings } from "./context.js";

/** Features of feature views that compute one value from the same rows at the same moments, under two names or in two views. */
export function sameMeaningFindings(findings: Findings): void {
  const seen = new Map<string, string>();
  const ofView = new Map<FeatureView, string>();
  for (const { view, feature, at, path } of viewFeatures(findings)) {
    const rows = ofView.get(view) ?? rowsOf(view);
    ofView.set(view, rows);
    const meaning = `${rows}\n${valueOf(feature)}`;
    const name = `${view.name}.${feature.name}`;
    const other = seen.get(meaning);
    if (other === undefined) seen.set(meaning, name);
    else
      findings.report.problem(
        at,
        [...path, "name"],
        "same-meaning",
        `${name} computes the same as ${other}. Keep one, and let the other's readers use it.`,
      );
  }
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
  return `${printValueType(type)} ${computed} ${JSON.stringify(toJsonValue(fallback ?? null, type))}`;
}
