import { SkewproofError } from "../errors.js";
import { didYouMean } from "../values/nearest-name.js";
import type {
  BoundProject,
  FeatureService,
  FeatureView,
  Model,
  OnDemandView,
  Pipeline,
  RowFeature,
  WindowFeature,
} from "./bound-project.js";

function require_<T>(what: string, name: string, among: ReadonlyMap<string, T>): T {
  const found = among.get(name);
  if (found !== undefined) return found;
  const all = among.size === 0 ? `The project has none.` : `There are: ${[...among.keys()].join(", ")}.`;
  throw new SkewproofError("usage", `There is no ${what} ${name}.${didYouMean(name, among.keys())} ${all}`);
}

/** The service of that name; throws `usage` with the nearest name. */
export function requireService(project: BoundProject, name: string): FeatureService {
  return require_("feature service", name, project.services);
}

export function requireView(project: BoundProject, name: string): FeatureView | OnDemandView {
  return require_("view", name, project.views);
}

/** The feature of a view; throws `usage` with the nearest name. */
export function requireFeature(view: FeatureView | OnDemandView, name: string): RowFeature | WindowFeature {
  const found = view.features.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = view.features.map((one) => one.name);
  throw new SkewproofError("usage", `The view ${view.name} has no feature ${name}.${didYouMean(name, names)}`);
}

export function requireModel(project: BoundProject, name: string): Model {
  return require_("model", name, project.models);
}

export function requirePipeline(project: BoundProject, name: string): Pipeline {
  return require_("pipeline", name, project.pipelines);
}
