import { printDuration } from "../../values/duration.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import { viewFeatures, type Findings } from "./context.js";

/** Windows and ttls that do not fit the data or the refresh. */
export function timeFindings(findings: Findings): void {
  const { sources, report, project, documentOf } = findings;
  for (const { view, feature, at, path } of viewFeatures(findings)) {
    const facts = sources.get(view.source.name);
    const history = typeof facts === "object" ? facts.history : undefined;
    if (feature.kind !== "window" || feature.window === "unbounded" || history === undefined) continue;
    const length = history.to - history.from;
    if (feature.window > length)
      report.problem(
        at,
        [...path, "window"],
        "window-beyond-history",
        `${view.source.name} has rows from ${printTimestamp(history.from)} to ${printTimestamp(history.to)}, which is less than ${printDuration(feature.window)}: no row of training has this window full. Shorten it, or bring more history.`,
      );
  }
  for (const view of project.views.values()) {
    if (view.kind !== "feature_view" || view.ttl === undefined || view.refresh === undefined || view.ttl >= view.refresh.every)
      continue;
    const at = documentOf("feature_view", view.name);
    const every = printDuration(view.refresh.every);
    if (at !== undefined)
      report.problem(
        at,
        ["ttl"],
        "ttl-shorter-than-refresh",
        `The view is refreshed every ${every}, and a row older than ${printDuration(view.ttl)} is null at a refresh: most values are null until the next. Make the ttl at least ${every}.`,
        every,
      );
  }
}
