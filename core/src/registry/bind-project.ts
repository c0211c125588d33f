import type { Diagnostic } from "../diagnostic.js";
import type { Parsed } from "../definitions/parse-definitions.js";
import type { Definition, Kind, ProjectSettings } from "../definitions/schemas.js";
import { parseDuration } from "../values/duration.js";
import { didYouMean } from "../values/nearest-name.js";
import type { Column } from "../values/value-type.js";
import {
  bindEntity,
  bindFeatureView,
  bindOnDemandView,
  bindService,
  bindSource,
  describedOf,
  requireOne,
  type Declared,
} from "./bind-views.js";
import type {
  BoundProject,
  FeatureService,
  FeatureView,
  Model,
  Monitor,
  OnDemandView,
  OnlineSettings,
  Pipeline,
  PipelineInput,
  PipelineOutput,
  Target,
} from "./bound-project.js";
import { bindOnce } from "./bind-memory.js";
import { createReport, type Report } from "./report.js";
import type { Facts, SourceFacts } from "./source-facts.js";

/**
 * Resolves every reference and types every expression. All findings at once; the project holds what is valid.
 * The digest is left to the caller, who can hash.
 */
export function bindProject(
  settings: ProjectSettings,
  parsed: readonly Parsed[],
  facts: Facts,
): { project: Omit<BoundProject, "digest">; diagnostics: Diagnostic[] } {
  const report = createReport();
  reportDuplicates(parsed, report);
  const bindAll = <K extends Kind, T>(
    kind: K,
    inputsOf: (definition: Definition<K>) => readonly unknown[],
    bind: (at: Parsed<K>, report: Report) => T | undefined,
  ): Map<string, T> => {
    const bound = new Map<string, T>();
    for (const at of parsed) {
      if (!isKind(at, kind) || bound.has(at.definition.name)) continue;
      const one = bindOnce(at, inputsOf(at.definition), report, (own) => bind(at, own));
      if (one !== undefined) bound.set(at.definition.name, one);
    }
    return bound;
  };

  const engine = settings.offline?.engine ?? "duckdb";
  const entities = bindAll("entity", () => [], bindEntity);
  const sources = bindAll(
    "source",
    // Null, not undefined: of a source that was never read there is nothing to wait for.
    ({ name }) => [columnsIn(facts.get(name)) ?? null, engine],
    (at, own) => bindSource(at, columnsIn(facts.get(at.definition.name)), engine, own),
  );
  const featureViews = bindAll(
    "feature_view",
    ({ entity, entities: several, source }) => [
      sources.get(source),
      ...(several ?? (entity === undefined ? [] : [entity])).map((name) => entities.get(name)),
    ],
    (at, own) => bindFeatureView(at, entities, sources, own),
  );
  const declared = declaredIn(parsed);
  const views = new Map<string, FeatureView | OnDemandView>(featureViews);
  const onDemandViews = bindAll(
    "on_demand_view",
    ({ inputs }) => (inputs ?? []).map((name) => featureViews.get(name)),
    (at, own) => bindOnDemandView(at, featureViews, declared, own),
  );
  for (const [name, view] of onDemandViews) if (!views.has(name)) views.set(name, view);
  const services = bindAll(
    "feature_service",
    ({ features }) => features.map((reference) => views.get(reference.split(".", 1)[0] ?? "")),
    (at, own) => bindService(at, views, declared, own),
  );
  const models = bindAll(
    "model",
    ({ service }) => [services.get(service)],
    (at, own) => bindModel(at, services, own),
  );
  const pipelines = bindAll(
    "pipeline",
    ({ inputs, outputs }) => [
      ...Object.values(inputs ?? {}).map(({ service }) => services.get(service)),
      ...Object.values(outputs ?? {}).flatMap((output) => (typeof output === "string" ? [] : [models.get(output.model)])),
    ],
    (at, own) => bindPipeline(at, services, models, own),
  );
  const monitors = bindAll(
    "monitor",
    ({ service }) => [services.get(service)],
    (at, own) => bindMonitor(at, services, own),
  );
  for (const at of parsed)
    if (["feature_view", "on_demand_view", "feature_service", "model"].includes(at.kind) && at.definition.owner === undefined)
      report.problem(
        at,
        ["name"],
        "no-owner",
        `${at.definition.name} has no owner. Add \`owner:\`, so that someone answers for it.`,
      );

  return {
    project: {
      name: settings.project,
      offline: {
        engine,
        ...(settings.offline?.url === undefined ? {} : { url: settings.offline.url }),
      },
      online: bindOnline(settings.online),
      targets: new Map(Object.entries(settings.targets ?? {}).map(([name, target]) => [name, bindTarget(name, target)])),
      entities,
      sources,
      views,
      services,
      models,
      pipelines,
      monitors,
    },
    diagnostics: report.diagnostics,
  };
}

function declaredIn(parsed: readonly Parsed[]): Declared {
  const onDemand = new Set<string>();
  const features = new Map<string, ReadonlySet<string>>();
  for (const at of parsed) {
    if (isKind(at, "on_demand_view")) onDemand.add(at.definition.name);
    else if (!isKind(at, "feature_view")) continue;
    const { name } = at.definition;
    if (!features.has(name)) features.set(name, new Set(at.definition.features.map((feature) => feature.name)));
  }
  return { onDemand, features };
}

const columnsIn = (facts: SourceFacts | string | undefined): readonly Column[] | string | undefined =>
  typeof facts === "object" ? facts.columns : facts;

function isKind<K extends Kind>(at: Parsed, kind: K): at is Parsed<K> {
  return at.kind === kind;
}

function reportDuplicates(parsed: readonly Parsed[], report: Report): void {
  const seen = new Map<string, Parsed>();
  for (const at of parsed) {
    // The two kinds of view share one name space: services and commands name either.
    const id = `${at.kind === "on_demand_view" ? "feature_view" : at.kind} ${at.definition.name}`;
    const other = seen.get(id);
    if (other === undefined) seen.set(id, at);
    else
      report.problem(
        at,
        ["name"],
        "duplicate-name",
        `There is already a ${other.kind} ${at.definition.name}, in ${other.file} line ${other.map.range(["name"]).start.line + 1}.`,
      );
  }
}

function bindOnline(online: ProjectSettings["online"]): OnlineSettings {
  if (online === undefined) return { store: "lmdb" };
  const { password, sentinel, ...rest } = online;
  const passwordEnv = (secret: typeof password) => (secret === undefined ? {} : { passwordEnv: secret.env });
  if (sentinel === undefined) return { ...rest, ...passwordEnv(password) };
  const { password: sentinelPassword, ...node } = sentinel;
  return { ...rest, ...passwordEnv(password), sentinel: { ...node, ...passwordEnv(sentinelPassword) } };
}

function bindTarget(name: string, target: NonNullable<ProjectSettings["targets"]>[string]): Target {
  if (target.kind === "process") return { name, kind: "process", port: target.port };
  return { name, kind: "remote", url: target.url, ...(target.token === undefined ? {} : { tokenEnv: target.token.env }) };
}

function bindModel(at: Parsed<"model">, services: ReadonlyMap<string, FeatureService>, report: Report): Model | undefined {
  const { service: name, task, output, fill } = at.definition;
  const [service] = requireOne(at, ["service"], "feature service", name, services, report);
  if (service === undefined) return undefined;
  if (service.ambiguous.length > 0)
    report.problem(
      at,
      ["service"],
      "duplicate-name",
      `${name} has several features named ${service.ambiguous.join(" and ")}; a model's inputs have different names. Rename one, or leave one out of the service.`,
    );
  const names = service.features.map((feature) => feature.name);
  for (const feature of Object.keys(fill ?? {}))
    if (!names.includes(feature))
      report.problem(
        at,
        ["fill", feature],
        "unknown-feature",
        `The service ${name} has no feature ${feature}.${didYouMean(feature, names)}`,
      );
  return {
    ...describedOf(at),
    service,
    task,
    output: output.class === undefined ? { name: output.name } : { name: output.name, class: output.class },
    fill: fill ?? {},
  };
}

function bindPipeline(
  at: Parsed<"pipeline">,
  services: ReadonlyMap<string, FeatureService>,
  models: ReadonlyMap<string, Model>,
  report: Report,
): Pipeline {
  const { command, parameters, code, requirements } = at.definition;
  const inputs: Record<string, PipelineInput> = {};
  for (const [name, { service: reference, labels, time }] of Object.entries(at.definition.inputs ?? {})) {
    const [service] = requireOne(at, ["inputs", name, "service"], "feature service", reference, services, report);
    if (service !== undefined)
      inputs[name] = { service, labels: typeof labels === "string" ? { path: labels } : labels, time: time ?? "event_timestamp" };
  }
  const outputs: Record<string, PipelineOutput> = {};
  for (const [name, output] of Object.entries(at.definition.outputs ?? {})) {
    if (typeof output === "string") {
      outputs[name] = { kind: "file", file: output };
      continue;
    }
    const [model] = requireOne(at, ["outputs", name, "model"], "model", output.model, models, report);
    if (model !== undefined) outputs[name] = { kind: "model", model, file: output.file };
  }
  const known = { inputs: at.definition.inputs ?? {}, outputs: at.definition.outputs ?? {}, parameters: parameters ?? {} };
  for (const [index, text] of command.entries())
    for (const [, group = "", name = ""] of text.matchAll(/\{(\w+)\.(\w+)\}/g)) {
      const names = group in known ? Object.keys(known[group as keyof typeof known]) : [];
      if (!names.includes(name))
        report.problem(
          at,
          ["command", index],
          "unknown-placeholder",
          `{${group}.${name}} stands for nothing here.${didYouMean(name, names)} Placeholders are {inputs.x}, {outputs.x} and {parameters.x}.`,
        );
    }
  return {
    ...describedOf(at),
    command,
    inputs,
    outputs,
    parameters: parameters ?? {},
    code: code ?? [],
    ...(requirements === undefined ? {} : { requirements }),
  };
}

function bindMonitor(at: Parsed<"monitor">, services: ReadonlyMap<string, FeatureService>, report: Report): Monitor | undefined {
  const { service: name, reference, window } = at.definition;
  const [service] = requireOne(at, ["service"], "feature service", name, services, report);
  return service && { ...describedOf(at), service, reference, window: parseDuration(window) ?? 0n };
}
