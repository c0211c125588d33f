import { SkewproofError } from "../errors.js";
import { didYouMean } from "../values/nearest-name.js";
import { printValueType } from "../values/value-type-text.js";
import type { BoundProject, FeatureService, ServiceFeature } from "./bound-project.js";
import { serviceColumns } from "./service-columns.js";

/**
 * A service made for one request: features named `view:feature`, as Feast's clients name them. With `fullNames` they are
 * called `view__feature`. Throws `usage` for a name that is not there, and for two features that would have one name.
 */
export function serviceOfFeatures(project: BoundProject, references: readonly string[], fullNames: boolean): FeatureService {
  const features = references.map((reference): ServiceFeature => {
    const [viewName = "", featureName = ""] = reference.split(":");
    const view = project.views.get(viewName);
    const feature = view?.features.find(({ name }) => name === featureName);
    if (view === undefined)
      throw new SkewproofError("usage", `features: there is no view ${viewName}.${didYouMean(viewName, project.views.keys())}`);
    if (feature === undefined) {
      const hint = didYouMean(
        featureName,
        view.features.map(({ name }) => name),
      );
      throw new SkewproofError("usage", `features: the view ${viewName} has no feature ${featureName}.${hint}`);
    }
    return { name: fullNames ? `${viewName}__${featureName}` : featureName, view, feature };
  });
  const names = features.map(({ name }) => name);
  const ambiguous = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (ambiguous.length > 0)
    throw new SkewproofError("usage", `features: ${ambiguous.join(" and ")} would come twice; ask for full_feature_names.`);
  const columns = serviceColumns(features, (column, other, from) => {
    throw new SkewproofError(
      "usage",
      `${column.name} is ${printValueType(other.type)} in one view and ${printValueType(column.type)} in ${from}; ask for them apart.`,
    );
  });
  return { name: references.join(" "), tags: [], file: "", line: 0, features, ambiguous, ...columns };
}
