import { columnsUsed } from "../expressions/columns-used.js";
import { printAggregate, printExpression } from "../expressions/print.js";
import { printDuration } from "../values/duration.js";
import { toJsonValue } from "../values/json-value.js";
import { printValueType } from "../values/value-type-text.js";
import type { Column } from "../values/value-type.js";
import type {
  BoundProject,
  Described,
  Expectation,
  FeatureService,
  FeatureView,
  Model,
  OnDemandView,
  Pipeline,
  RowFeature,
  Source,
  WindowFeature,
} from "./bound-project.js";

/** One definition in a form that is compared, hashed and stored. */
export interface SnapshotEntry {
  /** What it means, references by name. It differs exactly where the meaning does: no spacing, comments or order of keys. */
  readonly meaning: Readonly<Record<string, unknown>>;
  /** Ids of what it reads itself. */
  readonly reads: readonly string[];
  readonly owner?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Of a source: the type by column, as last read from the data. */
  readonly columns?: Readonly<Record<string, string>>;
}

/**
 * A project's definitions at one moment. Ids are a kind and a name: `entity customer`, `source orders`, `view spending`,
 * `feature spending.spent_7d`, `service shop`, `model churn`, `pipeline train`, `monitor drift`. `reads` also names
 * `column orders.amount` and `request basket.value`, which have no entry of their own.
 */
export interface Snapshot {
  readonly format: 1;
  readonly project: string;
  /** The project's digest: that of every entry's meaning. */
  readonly definitions: string;
  readonly entries: Readonly<Record<string, SnapshotEntry>>;
}

/** Every definition of a bound project, by id. */
export function snapshotEntries(project: Omit<BoundProject, "digest">): Record<string, SnapshotEntry> {
  const entries: Record<string, SnapshotEntry> = {};
  const add: Add = (id, ...parts) => {
    entries[id] = entryOf(...parts);
  };
  for (const entity of project.entities.values())
    add(`entity ${entity.name}`, entity, { keys: entity.keys.map(({ name, type }) => [name, printValueType(type)]) }, []);
  for (const source of project.sources.values()) {
    const id = `source ${source.name}`;
    add(id, source, sourceMeaning(source), []);
    const entry = entries[id];
    if (source.columns !== undefined && entry !== undefined) entries[id] = { ...entry, columns: types(source.columns) };
  }
  for (const view of project.views.values()) Object.assign(entries, viewEntries(view));
  for (const service of project.services.values()) add(`service ${service.name}`, service, ...serviceParts(service));
  for (const model of project.models.values())
    add(`model ${model.name}`, model, modelMeaning(model), [`service ${model.service.name}`]);
  for (const pipeline of project.pipelines.values())
    add(
      `pipeline ${pipeline.name}`,
      pipeline,
      pipelineMeaning(pipeline),
      Object.values(pipeline.inputs).map(({ service }) => `service ${service.name}`),
    );
  for (const { service, reference, window, ...monitor } of project.monitors.values())
    add(`monitor ${monitor.name}`, monitor, { service: service.name, reference, window: printDuration(window) }, [
      `service ${service.name}`,
    ]);
  return entries;
}

function entryOf(
  { owner, description, tags = [] }: Partial<Described>,
  meaning: SnapshotEntry["meaning"],
  reads: Iterable<string>,
): SnapshotEntry {
  return {
    meaning,
    reads: [...new Set(reads)].sort(),
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(tags.length === 0 ? {} : { tags: [...tags].sort() }),
  };
}

// Editors ask at each change, and a view that stayed is the same object.
const known = new WeakMap<FeatureView | OnDemandView, Readonly<Record<string, SnapshotEntry>>>();

function viewEntries(view: FeatureView | OnDemandView): Readonly<Record<string, SnapshotEntry>> {
  const before = known.get(view);
  if (before !== undefined) return before;
  const entries: Record<string, SnapshotEntry> = {};
  addView(view, (id, ...parts) => {
    entries[id] = entryOf(...parts);
  });
  known.set(view, entries);
  return entries;
}

/** What the project's digest is the SHA-256 of, in canonical JSON: each meaning, and not who owns or describes it. */
export function digestedForm(project: string, entries: Readonly<Record<string, SnapshotEntry>>): unknown {
  return { project, meanings: Object.fromEntries(Object.entries(entries).map(([id, { meaning }]) => [id, meaning])) };
}

function sourceMeaning({ location, eventTime, knownAt, tieBreak, lateness, stream }: Source): SnapshotEntry["meaning"] {
  const place = location.kind === "query" ? { kind: "query", sql: location.sql.trim().replace(/;$/, "") } : location;
  return {
    location: place,
    event_time: eventTime,
    known_at: knownAt,
    tie_break: tieBreak,
    lateness: lateness === undefined ? undefined : printDuration(lateness),
    event_id: stream?.eventId,
  };
}

function types(columns: readonly Column[]): Record<string, string> {
  return Object.fromEntries(columns.map(({ name, type }) => [name, printValueType(type)]));
}

type Add = (id: string, described: Partial<Described>, meaning: SnapshotEntry["meaning"], reads: Iterable<string>) => void;

function addView(view: FeatureView | OnDemandView, add: Add): void {
  const id = `view ${view.name}`;
  if (view.kind === "on_demand_view") {
    const inputs = view.inputs.map(({ name }) => name).sort();
    // What it makes of its inputs, each feature says itself.
    add(id, view, { kind: view.kind, inputs, request: types(view.request) }, []);
    const origin = new Map([
      ...view.request.map(({ name }) => [name, `request ${view.name}.${name}`] as const),
      ...view.inputs.flatMap((input) => input.features.map(({ name }) => [name, `feature ${input.name}.${name}`] as const)),
    ]);
    for (const feature of view.features)
      addFeature(view, feature, add, (name) => origin.get(name) ?? `request ${view.name}.${name}`);
    return;
  }
  const { source, ttl, refresh } = view;
  const column = (name: string): string => `column ${source.name}.${name}`;
  const read = [...view.keys.map((key) => key.column), source.eventTime, source.knownAt, source.tieBreak];
  const meaning = {
    kind: view.kind,
    entities: view.entities.map(({ name }) => name),
    source: source.name,
    keys: Object.fromEntries(view.keys.map((key) => [key.key, key.column])),
    ttl: ttl === undefined ? undefined : printDuration(ttl),
    refresh: refresh && { every: printDuration(refresh.every), delay: printDuration(refresh.delay) },
    online: view.online,
    schedule: view.schedule,
    // The order of a latest row's features breaks ties (contracts §3.2); that of aggregates has no meaning.
    order: view.shape === "latest" ? view.features.map(({ name }) => name) : undefined,
  };
  add(id, view, meaning, [
    ...view.entities.map(({ name }) => `entity ${name}`),
    `source ${source.name}`,
    ...read.flatMap((name) => (name === undefined ? [] : [column(name)])),
  ]);
  for (const feature of view.features) addFeature(view, feature, add, column);
}

function addFeature(
  view: FeatureView | OnDemandView,
  feature: RowFeature | WindowFeature,
  add: Add,
  origin: (name: string) => string,
): void {
  const { type, default: fallback, pii, expect } = feature;
  const meaning = {
    type: printValueType(type),
    ...(feature.kind === "row"
      ? { expression: printExpression(feature.expression) }
      : {
          aggregate: printAggregate(feature.aggregate),
          window: feature.window === "unbounded" ? feature.window : printDuration(feature.window),
        }),
    default: fallback === undefined ? undefined : toJsonValue(fallback, type),
    pii: pii ? true : undefined,
    expect: expect && expectationMeaning(expect, feature),
  };
  const used = columnsUsed(feature.kind === "row" ? feature.expression : feature.aggregate);
  add(`feature ${view.name}.${feature.name}`, described(view, feature), meaning, [`view ${view.name}`, ...[...used].map(origin)]);
}

/** A feature's owner is its view's. */
function described({ owner }: Described, { description }: RowFeature | WindowFeature): Partial<Described> {
  return { ...(owner === undefined ? {} : { owner }), ...(description === undefined ? {} : { description }) };
}

function expectationMeaning({ notNull, min, max, in: among, nullRateBelow }: Expectation, { type }: RowFeature | WindowFeature) {
  return {
    not_null: notNull,
    min: min === undefined ? undefined : toJsonValue(min, type),
    max: max === undefined ? undefined : toJsonValue(max, type),
    in: among?.map((value) => toJsonValue(value, type)),
    null_rate_below: nullRateBelow,
  };
}

function serviceParts(service: FeatureService): [SnapshotEntry["meaning"], string[]] {
  // The order is meaning: a model with one input takes the features in it.
  const features = service.features.map(({ view, feature }) => `${view.name}.${feature.name}`);
  const request = service.features.flatMap(({ view }) =>
    view.kind === "on_demand_view" ? view.request.map(({ name }) => `request ${view.name}.${name}`) : [],
  );
  return [
    { features, keys: types(service.keys), request: types(service.request) },
    [...features.map((name) => `feature ${name}`), ...request],
  ];
}

function modelMeaning({ service, task, output, fill }: Model): SnapshotEntry["meaning"] {
  return { service: service.name, task, output, fill };
}

function pipelineMeaning({ command, inputs, parameters, outputs, code, requirements }: Pipeline): SnapshotEntry["meaning"] {
  return {
    command,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, { service, labels, time }]) => [name, { service: service.name, labels, time }]),
    ),
    parameters,
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, output]) => [
        name,
        output.kind === "model" ? { model: output.model.name, file: output.file } : output.file,
      ]),
    ),
    code,
    requirements,
  };
}
