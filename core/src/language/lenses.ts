import type { Profile } from "../profiles/profile.js";
import type { BoundProject } from "../registry/bound-project.js";
import { featureLineage } from "../registry/lineage.js";
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
export function lenses(
  project: BoundProject,
  file: string,
  profileOf: (services: readonly string[]) => { readonly profile: Profile } | null,
): Lens[] {
  return [...project.views.values()]
    .filter((view) => view.file === file)
    .flatMap((view) =>
      view.features.map((feature) => {
        const { services, models } = featureLineage(project, view, feature);
        const profile = profileOf(services)?.profile;
        const column = profile?.columns.find(({ name }) => name === feature.name || name === `${view.name}__${feature.name}`);
        const facts =
          column === undefined || profile === undefined
            ? ["not in a training set yet"]
            : [
                sparkline(column),
                ...(typeof column.numeric?.mean === "number" ? [`mean ${Number(column.numeric.mean.toPrecision(3))}`] : []),
                `null ${((100 * column.nulls) / Math.max(1, profile.rows)).toFixed(1)}%`,
              ];
        const readers =
          models.length === 0 ? "read by no model" : `read by ${models.length} model${models.length === 1 ? "" : "s"}`;
        return {
          line: feature.line,
          title: [facts.slice(0, 2).join("  "), ...facts.slice(2), readers].join(" · "),
          view: view.name,
          feature: feature.name,
        };
      }),
    );
}
