import { printDuration } from "../../values/duration.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import { featurePath, featureViews, type Findings } from "./context.js";

/** Windows and ttls that do not fit the data or the refresh. */
export function timeFindings(findings: Findings): void {
  const { sources, report } = findings;
  for (const [view, at] of featureViews(findings)) {
    const facts = sources.get(view.source.name);
    const history = typeof facts === "object" ? facts.history : undefined;
    if (history === undefined) continue;
    for (const feature of view.features) {
      if (feature.kind !== "window" || feature.window === "unbounded" || feature.window <= history.to - history.from) continue;
      report.problem(
        at,
        [...featurePath(at, feature.name), "window"],
        "window-beyond-history",
        `${view.source.name} has rows from ${printTimestamp(history.from)} to ${printTimestamp(history.to)}, which is less than ${printDuration(feature.window)}: no row of training has this window full. Shorten it, or bring more history.`,
      );
    }
  }
  for (const [view, at] of featureViews(findings)) {
    if (view.ttl === undefined || view.refresh === undefined || view.ttl >= view.refresh.every) continue;
    const every = printDuration(view.refresh.every);
    report.problem(
      at,
      ["ttl"],
      "ttl-shorter-than-refresh",
      `The view is refreshed every ${every}, and a row older than ${printDuration(view.ttl)} is null at a refresh: most values are null until the next. Make the ttl at least ${every}.`,
      every,
    );
  }
}
