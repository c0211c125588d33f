import type { BoundProject, FeatureView, OnDemandView } from "../registry/bound-project.js";
import { featureLineage } from "../registry/lineage.js";
import type { DistributionOf } from "../views/view.js";
import { sparkline } from "./sparkline.js";

/** A line of facts over one feature, and what it opens. */
export interface Lens {
  /** Zero-based. */
  readonly line: number;
  readonly title: string;
  readonly view: string;
  readonly feature: string;
}

/** The lenses of one definition file, from profiles that were written before: nothing is computed to draw them. */
export function lenses(project: BoundProject, file: string, distributionOf: DistributionOf): Lens[] {
  return [...project.views.values()]
    .filter((view) => view.file === file)
    .flatMap((view) => view.features.map((feature) => featureLens(project, view, feature, distributionOf)));
}

export function featureLens(
  project: BoundProject,
  view: FeatureView | OnDemandView,
  feature: (FeatureView | OnDemandView)["features"][number],
  distributionOf: DistributionOf,
): Lens {
  const { services, models } = featureLineage(project, view, feature);
  const found = distributionOf(services, view.name, feature.name);
  const mean = found?.column.numeric?.mean;
  const facts =
    found === null
      ? ["not in a training set yet"]
      : [
          sparkline(found.column),
          ...(typeof mean === "number" ? [`mean ${Number(mean.toPrecision(3))}`] : []),
          `null ${((100 * found.column.nulls) / Math.max(1, found.rows)).toFixed(1)}%`,
        ];
  const readers = models.length === 0 ? "read by no model" : `read by ${models.length} model${models.length === 1 ? "" : "s"}`;
  return {
    line: feature.line,
    title: [facts.slice(0, 2).join("  "), ...facts.slice(2), readers].join(" · "),
    view: view.name,
    feature: feature.name,
  };
}
