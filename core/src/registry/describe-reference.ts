import { SkewproofError } from "../errors.js";
import { printDuration } from "../values/duration.js";
import { didYouMean } from "../values/nearest-name.js";
import { printValueType } from "../values/value-type-text.js";
import type {
  BoundProject,
  FeatureService,
  FeatureView,
  Model,
  OnDemandView,
  RowFeature,
  WindowFeature,
} from "./bound-project.js";
import { requireFeature } from "./find.js";
import { featureLineage } from "./lineage.js";

interface Description {
  readonly document: unknown;
  readonly text: string;
}

/** What `show` says of `view`, `view.feature`, a service or a model. Throws `usage` for an unknown name. */
export function describeReference(project: BoundProject, reference: string): Description {
  const [name = "", featureName] = reference.split(".");
  const view = project.views.get(name);
  if (view !== undefined && featureName !== undefined) return describeFeature(project, view, requireFeature(view, featureName));
  if (view !== undefined) return describeView(project, view);
  const service = project.services.get(reference);
  if (service !== undefined) return describeService(project, service);
  const model = project.models.get(reference.split("@")[0] ?? reference);
  if (model !== undefined) return describeModel(model);
  const all = [...project.views.keys(), ...project.services.keys(), ...project.models.keys()];
  throw new SkewproofError("usage", `Nothing here is named ${reference}.${didYouMean(reference, all)}`);
}

function lines(entries: readonly (readonly [string, string | undefined])[]): string {
  return entries
    .flatMap(([label, value]) => (value === undefined || value === "" ? [] : [`${label.padEnd(12)} ${value}`]))
    .join("\n");
}

/** The expression or aggregate as it was written, with its window. */
export function meaningOf(feature: RowFeature | WindowFeature): string {
  if (feature.kind === "row") return feature.text;
  return `${feature.text} over ${feature.window === "unbounded" ? "all time" : printDuration(feature.window)}`;
}

function describeFeature(
  project: BoundProject,
  view: FeatureView | OnDemandView,
  feature: RowFeature | WindowFeature,
): Description {
  const lineage = featureLineage(project, view, feature);
  const document = {
    kind: "feature",
    name: feature.name,
    view: view.name,
    type: printValueType(feature.type),
    meaning: meaningOf(feature),
    owner: view.owner ?? null,
    description: feature.description ?? null,
    pii: feature.pii,
    ...lineage,
  };
  const text = lines([
    ["feature", `${view.name}.${feature.name}`],
    ["type", document.type],
    ["meaning", document.meaning],
    ["description", feature.description],
    ["owner", view.owner],
    ["reads", lineage.reads.join(", ")],
    ["used by", lineage.features.join(", ")],
    ["services", lineage.services.join(", ")],
    ["models", lineage.models.join(", ")],
    ["defined", `${view.file}:${feature.line + 1}`],
  ]);
  return { document, text };
}

function describeView(project: BoundProject, view: FeatureView | OnDemandView): Description {
  const features = view.features.map((feature) => ({
    name: feature.name,
    type: printValueType(feature.type),
    meaning: meaningOf(feature),
    ...featureLineage(project, view, feature),
  }));
  const document = {
    kind: view.kind,
    name: view.name,
    owner: view.owner ?? null,
    description: view.description ?? null,
    source: view.kind === "feature_view" ? view.source.name : null,
    keys: view.kind === "feature_view" ? view.keys.map(({ key }) => key) : [],
    features,
  };
  const head = lines([
    ["view", view.name],
    ["description", view.description],
    ["owner", view.owner],
    ["source", document.source ?? undefined],
    ["keys", document.keys.join(", ")],
    ["defined", `${view.file}:${view.line + 1}`],
  ]);
  return {
    document,
    text: [
      head,
      "",
      ...features.map(
        ({ name, type, meaning, models }) =>
          `  ${name}: ${type} = ${meaning}${models.length === 0 ? "" : `  (read by ${models.join(", ")})`}`,
      ),
    ].join("\n"),
  };
}

function describeService(project: BoundProject, service: FeatureService): Description {
  const models = [...project.models.values()].filter((model) => model.service.name === service.name).map(({ name }) => name);
  const features = service.features.map(({ name, view, feature }) => ({
    name,
    view: view.name,
    type: printValueType(feature.type),
  }));
  const document = {
    kind: "feature_service",
    name: service.name,
    owner: service.owner ?? null,
    keys: service.keys.map(({ name }) => name),
    request: service.request.map(({ name }) => name),
    features,
    models,
  };
  const head = lines([
    ["service", service.name],
    ["owner", service.owner],
    ["keys", document.keys.join(", ")],
    ["request", document.request.join(", ")],
    ["models", models.join(", ")],
  ]);
  return { document, text: [head, "", ...features.map(({ name, view, type }) => `  ${name}: ${type}  (${view})`)].join("\n") };
}

function describeModel(model: Model): Description {
  const document = {
    kind: "model",
    name: model.name,
    owner: model.owner ?? null,
    service: model.service.name,
    task: model.task,
    output: model.output,
  };
  return {
    document,
    text: lines([
      ["model", model.name],
      ["owner", model.owner],
      ["service", model.service.name],
      ["task", model.task],
      ["output", model.output.name],
    ]),
  };
}
