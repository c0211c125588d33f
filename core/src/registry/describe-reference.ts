import { SkewproofError } from "../errors.js";
import { printDuration } from "../values/duration.js";
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
import { versionId, type ModelReader } from "./dependents.js";
import { requireFeature, requireModel, requireService, requireView } from "./find.js";
import { featureLineage } from "./lineage.js";

export interface Description {
  readonly document: object;
  readonly text: string;
}

/** What is said of an id of a snapshot, of a column or of a version. Throws `usage` where it does not exist. */
export function describeReference(project: BoundProject, id: string, versions: readonly ModelReader[] = []): Description {
  const [kind = "", name = ""] = id.split(" ");
  const [owner = "", part = ""] = name.split(".");
  switch (kind) {
    case "view":
      return describeView(project, requireView(project, name));
    case "feature":
      return describeFeature(project, requireView(project, owner), requireFeature(requireView(project, owner), part));
    case "service":
      return describeService(project, requireService(project, name));
    case "model":
      return describeModel(requireModel(project, name));
    case "version":
      return describeVersion(
        name,
        versions.find((one) => versionId(one) === id),
      );
    default:
      return describePlain(project, kind, owner, part);
  }
}

/** Sources and their columns, entities, pipelines and monitors. */
function describePlain(project: BoundProject, kind: string, name: string, part: string): Description {
  const source = project.sources.get(name);
  if (kind === "column") {
    const type = source?.columns?.find((column) => column.name === part)?.type;
    const document = { kind, source: name, name: part, type: type === undefined ? null : printValueType(type) };
    return {
      document,
      text: lines([
        ["column", `${name}.${part}`],
        ["type", document.type ?? undefined],
      ]),
    };
  }
  const definition =
    kind === "source"
      ? source
      : (kind === "entity" ? project.entities : kind === "pipeline" ? project.pipelines : project.monitors).get(name);
  if (definition === undefined) throw new SkewproofError("usage", `There is no ${kind} ${name}.`);
  const columns =
    kind === "source" ? source?.columns?.map((column) => ({ name: column.name, type: printValueType(column.type) })) : undefined;
  const document = {
    kind,
    name,
    owner: definition.owner ?? null,
    description: definition.description ?? null,
    ...(kind === "source"
      ? {
          location: source?.location,
          event_time: source?.eventTime ?? null,
          known_at: source?.knownAt ?? null,
          columns: columns ?? null,
        }
      : {}),
  };
  const text = lines([
    [kind, name],
    ["description", definition.description],
    ["owner", definition.owner],
    ["event time", kind === "source" ? source?.eventTime : undefined],
    ["known at", kind === "source" ? source?.knownAt : undefined],
    ["columns", columns?.map((column) => `${column.name} ${column.type}`).join(", ")],
    ["defined", `${definition.file}:${definition.line + 1}`],
  ]);
  return { document, text };
}

function describeVersion(name: string, version: ModelReader | undefined): Description {
  if (version === undefined) throw new SkewproofError("usage", `There is no model version ${name}.`);
  const { model, features, definitions } = version;
  return {
    document: { kind: "version", model, version: version.version, features, definitions },
    text: lines([
      ["version", name],
      ["model", model],
      ["features", features.map((feature) => `${feature.name} ${feature.type}`).join(", ")],
      ["definitions", definitions.slice(0, 12)],
    ]),
  };
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
