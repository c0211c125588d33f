import { columnsUsed } from "../expressions/columns-used.js";
import type {
  BoundProject,
  FeatureService,
  FeatureView,
  Model,
  OnDemandView,
  RowFeature,
  WindowFeature,
} from "./bound-project.js";

/** What a feature reads and who reads it. */
export interface FeatureLineage {
  /** Source columns as `source.column`, or `view.feature` and `request.column` for an on-demand feature. */
  readonly reads: readonly string[];
  /** On-demand features that use it, as `view.feature`. */
  readonly features: readonly string[];
  readonly services: readonly string[];
  readonly models: readonly string[];
}

/** Lineage of one feature in both directions, by name. */
export function featureLineage(
  project: BoundProject,
  view: FeatureView | OnDemandView,
  feature: RowFeature | WindowFeature,
): FeatureLineage {
  const used = [...columnsUsed(feature.kind === "row" ? feature.expression : feature.aggregate)];
  const reads =
    view.kind === "feature_view"
      ? used.map((column) => `${view.source.name}.${column}`)
      : used.map((name) => {
          const input = view.inputs.find(({ features }) => features.some((one) => one.name === name));
          return input === undefined ? `request.${name}` : `${input.name}.${name}`;
        });
  const features = [...project.views.values()].flatMap((other) =>
    other.kind === "on_demand_view" && other.inputs.some((input) => input.name === view.name)
      ? other.features.filter((one) => columnsUsed(one.expression).has(feature.name)).map((one) => `${other.name}.${one.name}`)
      : [],
  );
  const services = servicesOf(project, view, feature.name);
  return {
    reads,
    features,
    services: services.map(({ name }) => name),
    models: modelsOf(project, services).map(({ name }) => name),
  };
}

function servicesOf(project: BoundProject, view: FeatureView | OnDemandView, feature: string): FeatureService[] {
  return [...project.services.values()].filter((service) =>
    service.features.some((one) => one.view.name === view.name && one.feature.name === feature),
  );
}

/** The models that a set of services feeds. */
export function modelsOf(project: BoundProject, services: readonly FeatureService[]): Model[] {
  return [...project.models.values()].filter(({ service }) => services.some(({ name }) => name === service.name));
}
