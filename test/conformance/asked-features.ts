import type { FeatureText, Question } from "./case.js";

/** The features that a question asks for, in the order of its answer, with their output names. */
export function askedFeatures({ definitions, options }: Pick<Question, "definitions" | "options">): {
  readonly view: string;
  readonly feature: FeatureText;
  readonly output: string;
}[] {
  const service = definitions[options.service];
  const references = service?.kind === "feature_service" ? service.features : [];
  const all = references.flatMap((reference) => {
    const [name = "", only] = reference.split(".");
    const view = definitions[name];
    const features = view?.kind === "feature_view" || view?.kind === "on_demand_view" ? view.features : [];
    return features
      .filter((feature) => only === undefined || feature.name === only)
      .map((feature) => ({
        view: name,
        feature,
        output: options.full_names === true ? `${name}__${feature.name}` : feature.name,
      }));
  });
  return (
    options.features?.flatMap((name) =>
      all.filter(({ view, feature }) => [feature.name, `${view}.${feature.name}`].includes(name)),
    ) ?? all
  );
}
