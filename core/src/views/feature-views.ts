import type { BoundProject } from "../registry/bound-project.js";
import { meaningOf } from "../registry/describe-reference.js";
import { requireFeature, requireView } from "../registry/find.js";
import { featureLineage } from "../registry/lineage.js";
import { printValueType } from "../values/value-type-text.js";
import type { DistributionOf, FeaturesView, FeatureView } from "./view.js";

/** Every feature of the project, by view. */
export function featuresView(project: BoundProject): FeaturesView {
  return {
    version: 1,
    kind: "features",
    project: project.name,
    services: [...project.services.values()].map((service) => ({
      name: service.name,
      owner: service.owner ?? null,
      views: [...new Set(service.features.map(({ view }) => view.name))],
    })),
    views: [...project.views.values()].map((view) => ({
      name: view.name,
      owner: view.owner ?? null,
      description: view.description ?? null,
      features: view.features.map((feature) => ({
        name: feature.name,
        type: printValueType(feature.type),
        meaning: meaningOf(feature),
        description: feature.description ?? null,
        models: featureLineage(project, view, feature).models,
      })),
    })),
  };
}

/** One feature with its lineage. Throws `usage` for an unknown name, with the nearest. */
export function featureView(project: BoundProject, viewName: string, name: string, distributionOf: DistributionOf): FeatureView {
  const view = requireView(project, viewName);
  const feature = requireFeature(view, name);
  const { reads, features, services, models } = featureLineage(project, view, feature);
  return {
    version: 1,
    kind: "feature",
    name,
    view: view.name,
    type: printValueType(feature.type),
    meaning: meaningOf(feature),
    description: feature.description ?? null,
    owner: view.owner ?? null,
    reads,
    usedBy: features,
    services,
    models,
    defined: { file: view.file, line: feature.line },
    distribution: distributionOf(services, view.name, name),
  };
}
