import { CronPattern } from "croner";

import type { Parsed } from "../definitions/parse-definitions.js";
import { parseDuration } from "../values/duration.js";
import { systemColumns } from "../streams/system-columns.js";
import { printValueType, sameType } from "../values/value-type-text.js";
import { didYouMean, nearestName } from "../values/nearest-name.js";
import type { Column } from "../values/value-type.js";
import { bindRowFeature, bindType, bindViewFeature } from "./bind-feature.js";
import type {
  BoundProject,
  Described,
  Entity,
  FeatureService,
  FeatureView,
  OnDemandView,
  ServiceFeature,
  Source,
  ViewKey,
} from "./bound-project.js";
import { bindLateness, bindStream } from "./bind-stream.js";
import type { Report } from "./report.js";
import { serviceColumns } from "./service-columns.js";

/** What every definition may carry. */
export function describedOf(at: Parsed): Described {
  const { name, description, owner, tags } = at.definition;
  return {
    name,
    tags: tags ?? [],
    file: at.file,
    line: at.map.range(["kind"]).start.line,
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
  };
}

export function bindEntity(at: Parsed<"entity">, report: Report): Entity {
  const keys: Column[] = [];
  for (const [index, { name, type }] of at.definition.keys.entries()) {
    const bound = bindType(type, at, ["keys", index, "type"], report);
    if (bound !== undefined) keys.push({ name, type: bound });
  }
  return { ...describedOf(at), keys };
}

/** `columns`: what the data has; a text says why it could not be read; undefined: not looked at. */
export function bindSource(
  at: Parsed<"source">,
  columns: readonly Column[] | string | undefined,
  engine: BoundProject["offline"]["engine"],
  report: Report,
): Source | undefined {
  const { path, table, query, stream, event_time, known_at, tie_break } = at.definition;
  const given = Object.entries({ path, table, query, stream }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    report.problem(
      at,
      ["name"],
      "source-location",
      `A source has exactly one of path, table, query or stream; this one has ${given.length === 0 ? "none" : given.map(([key]) => key).join(" and ")}.`,
    );
    return undefined;
  }
  const place = path === undefined ? (query === undefined ? "name" : "query") : "path";
  if (table !== undefined && engine === "duckdb")
    report.problem(
      at,
      ["table"],
      "table-without-engine",
      `The table ${table} needs an offline engine with tables; DuckDB reads files: use \`path\` or \`query\`.`,
    );
  if (typeof columns === "string") report.problem(at, [place], "unreadable-source", columns);
  const bound = bindStream(at, report);
  const known = bound !== undefined ? [...bound.schema, ...systemColumns] : typeof columns === "string" ? undefined : columns;
  for (const [key, name] of Object.entries({ event_time, known_at, tie_break })) {
    if (name === undefined || known === undefined) continue;
    const column = known.find((one) => one.name === name);
    if (column === undefined) unknownColumn(at, [key], name, known, report);
    else if (key !== "tie_break" && column.type.kind !== "timestamp" && column.type.kind !== "date")
      report.problem(
        at,
        [key],
        "wrong-type",
        `${name} is ${printValueType(column.type)}; a time column is a timestamp or a date. Use a query that casts it.`,
      );
  }
  if (known_at !== undefined && event_time === undefined)
    report.problem(at, ["known_at"], "missing-key", "`known_at` needs an `event_time` beside it.");
  const lateness = bindLateness(at, report);
  const location =
    path !== undefined
      ? { kind: "path" as const, path }
      : query !== undefined
        ? { kind: "query" as const, sql: query }
        : table !== undefined
          ? { kind: "table" as const, table }
          : { kind: "stream" as const, name: at.definition.name };
  return {
    ...describedOf(at),
    location,
    ...(event_time === undefined ? {} : { eventTime: event_time }),
    ...(known_at === undefined ? {} : { knownAt: known_at }),
    ...(tie_break === undefined ? {} : { tieBreak: tie_break }),
    ...(known === undefined ? {} : { columns: known }),
    ...(lateness === undefined ? {} : { lateness }),
    ...(bound === undefined ? {} : { stream: bound }),
  };
}

function unknownColumn(
  at: Parsed,
  path: readonly (string | number)[],
  name: string,
  columns: readonly Column[],
  report: Report,
): void {
  const names = columns.map((column) => column.name);
  report.problem(
    at,
    path,
    "unknown-column",
    `The source has no column ${name}.${didYouMean(name, names)} Columns: ${names.join(", ")}.`,
    nearestName(name, names),
  );
}

export function bindFeatureView(
  at: Parsed<"feature_view">,
  entities: ReadonlyMap<string, Entity>,
  sources: ReadonlyMap<string, Source>,
  report: Report,
): FeatureView | undefined {
  const { definition } = at;
  if (definition.entity !== undefined && definition.entities !== undefined)
    report.problem(at, ["entities"], "entity-and-entities", "Write `entity` or `entities`, not both.");
  const names = definition.entities ?? (definition.entity === undefined ? [] : [definition.entity]);
  const owners = names.flatMap((name, index) =>
    requireOne(at, definition.entities === undefined ? ["entity"] : ["entities", index], "entity", name, entities, report),
  );
  const [source] = requireOne(at, ["source"], "source", definition.source, sources, report);
  if (source === undefined || owners.length < names.length) return undefined;

  const keys = bindKeys(at, owners, source, report);
  const features = definition.features.flatMap((feature, index) => {
    const bound = bindViewFeature(feature, source.columns, at, ["features", index], report);
    return bound === undefined ? [] : [bound];
  });
  duplicates(at, definition.features, report);
  const isWindow = definition.features.map(({ aggregate }) => aggregate !== undefined);
  const shape = isWindow[0] === true ? "window" : "latest";
  if (isWindow.some((one) => one !== isWindow[0]))
    report.problem(
      at,
      ["features", isWindow.findIndex((one) => one !== isWindow[0])],
      "mixed-features",
      "A view's features are all aggregates over a window, or all of the latest row. Move this one to a view of its own.",
    );
  if (shape === "window" && source.eventTime === undefined)
    report.problem(
      at,
      ["source"],
      "missing-event-time",
      `A window needs to know when rows happened, and the source ${source.name} declares no \`event_time\`.`,
    );
  const ttl = definition.ttl === undefined ? undefined : parseDuration(definition.ttl);
  if (ttl !== undefined && source.eventTime === undefined)
    report.problem(at, ["ttl"], "missing-event-time", `A ttl needs the source ${source.name} to declare an \`event_time\`.`);
  const every = definition.refresh === undefined ? undefined : parseDuration(definition.refresh.every);
  if (every === 0n) report.problem(at, ["refresh", "every"], "wrong-value", "`every` is longer than nothing.");
  const { schedule } = definition;
  const unreadable = schedule === undefined ? undefined : cronProblem(schedule);
  if (unreadable !== undefined) report.problem(at, ["schedule"], "wrong-value", unreadable);
  return {
    kind: "feature_view",
    ...describedOf(at),
    entities: owners,
    keys,
    source,
    shape,
    features,
    online: definition.online ?? true,
    ...(schedule === undefined || unreadable !== undefined ? {} : { schedule }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(every === undefined || every === 0n
      ? {}
      : { refresh: { every, delay: parseDuration(definition.refresh?.delay ?? "0s") ?? 0n } }),
  };
}

function cronProblem(schedule: string): string | undefined {
  try {
    new CronPattern(schedule, "UTC");
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    return `${schedule} is no cron expression: ${why} Write minute, hour, day, month and weekday, as in "*/15 * * * *".`;
  }
}

function bindKeys(at: Parsed<"feature_view">, owners: readonly Entity[], source: Source, report: Report): ViewKey[] {
  const renamed = at.definition.keys ?? {};
  const keys: ViewKey[] = [];
  for (const { name, type } of owners.flatMap((entity) => entity.keys)) {
    if (keys.some(({ key }) => key === name)) continue;
    const column = renamed[name] ?? name;
    keys.push({ key: name, column, type });
    const found = source.columns?.find((one) => one.name === column);
    const path = renamed[name] === undefined ? ["source"] : ["keys", name];
    if (source.columns !== undefined && found === undefined) unknownColumn(at, path, column, source.columns, report);
    else if (found !== undefined && !sameType(found.type, type))
      report.problem(
        at,
        path,
        "wrong-type",
        `The key ${name} is ${printValueType(type)}, but ${source.name}.${column} is ${printValueType(found.type)}. Cast it in a query, or change the entity.`,
      );
  }
  for (const name of Object.keys(renamed))
    if (!keys.some(({ key }) => key === name))
      report.problem(
        at,
        ["keys", name],
        "unknown-key-column",
        `${name} is no key of this view's entities.${didYouMean(
          name,
          keys.map(({ key }) => key),
        )}`,
      );
  return keys;
}

function duplicates(at: Parsed, features: readonly { readonly name: string }[], report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name }] of features.entries()) {
    if (seen.has(name))
      report.problem(at, ["features", index, "name"], "duplicate-name", `There are two features ${name} in this view.`);
    seen.add(name);
  }
}

type Views = ReadonlyMap<string, FeatureView | OnDemandView>;

/** What the definitions of all views declare, bound or not: a feature with a mistake of its own is not also unknown. */
export interface Declared {
  readonly onDemand: ReadonlySet<string>;
  /** Names of features, by view. */
  readonly features: ReadonlyMap<string, ReadonlySet<string>>;
}

/** `views`: the feature views. */
export function bindOnDemandView(
  at: Parsed<"on_demand_view">,
  views: ReadonlyMap<string, FeatureView>,
  declared: Declared,
  report: Report,
): OnDemandView {
  const { definition } = at;
  const inputs = (definition.inputs ?? []).flatMap((name, index) => {
    if (name === definition.name) {
      report.problem(at, ["inputs", index], "cycle", `${name} cannot be its own input.`);
      return [];
    }
    if (declared.onDemand.has(name) && !views.has(name)) {
      report.problem(at, ["inputs", index], "on-demand-input", `${name} is on demand itself; inputs are feature views.`);
      return [];
    }
    return requireOne(at, ["inputs", index], "feature view", name, views, report);
  });
  const request = Object.entries(definition.request ?? {}).flatMap(([name, type]): Column[] => {
    const bound = bindType(type, at, ["request", name], report);
    return bound === undefined ? [] : [{ name, type: bound }];
  });
  const scope: Column[] = [...request];
  for (const view of inputs)
    for (const { name, type } of view.features) {
      if (scope.some((column) => column.name === name))
        report.problem(
          at,
          ["inputs"],
          "ambiguous-name",
          `${name} comes twice, from ${view.name} and from another input or the request. Rename one.`,
        );
      else scope.push({ name, type });
    }
  const complete =
    inputs.length === (definition.inputs ?? []).length &&
    inputs.every(
      ({ name, source, features }) => source.columns !== undefined && features.length === declared.features.get(name)?.size,
    );
  duplicates(at, definition.features, report);
  const features = definition.features.flatMap((feature, index) => {
    const bound = bindRowFeature(
      feature,
      feature.expression,
      ["features", index, "expression"],
      complete ? scope : undefined,
      at,
      ["features", index],
      report,
    );
    return bound === undefined ? [] : [bound];
  });
  return { kind: "on_demand_view", ...describedOf(at), inputs, request, features };
}

export function bindService(at: Parsed<"feature_service">, views: Views, declared: Declared, report: Report): FeatureService {
  const features: ServiceFeature[] = [];
  const ambiguous = new Set<string>();
  for (const [index, reference] of at.definition.features.entries()) {
    const [viewName = "", featureName] = reference.split(".");
    const [view] = requireOne(at, ["features", index], "view", viewName, views, report);
    if (view === undefined) continue;
    const wanted = featureName === undefined ? view.features : view.features.filter(({ name }) => name === featureName);
    if (featureName !== undefined && declared.features.get(viewName)?.has(featureName) !== true) {
      const names = view.features.map(({ name }) => name);
      const nearest = nearestName(featureName, names);
      report.problem(
        at,
        ["features", index],
        "unknown-feature",
        `The view ${viewName} has no feature ${featureName}.${didYouMean(featureName, names)}`,
        nearest === undefined ? undefined : `${viewName}.${nearest}`,
      );
    }
    for (const feature of wanted) {
      const other = features.find(({ name }) => name === feature.name);
      if (other?.view === view) continue;
      if (other !== undefined) {
        ambiguous.add(feature.name);
        report.problem(
          at,
          ["features", index],
          "same-name",
          `${feature.name} comes from ${other.view.name} and from ${viewName}: only training sets with full names can tell them apart, and no model or request can. Rename one.`,
        );
      }
      features.push({ name: feature.name, view, feature });
    }
  }
  const columns = serviceColumns(features, (column, other, from) => {
    report.problem(
      at,
      ["features"],
      "conflicting-type",
      `${column.name} is ${printValueType(other.type)} in one view and ${printValueType(column.type)} in ${from}; a request gives it once. Give it one type.`,
    );
  });
  return { ...describedOf(at), features, ambiguous: [...ambiguous], ...columns };
}

/** The definition of that name, as a list of one; reported and an empty list where there is none. */
export function requireOne<T>(
  at: Parsed,
  path: readonly (string | number)[],
  what: string,
  name: string,
  among: ReadonlyMap<string, T>,
  report: Report,
): T[] {
  const found = among.get(name);
  if (found !== undefined) return [found];
  report.problem(
    at,
    path,
    "unknown-reference",
    `There is no ${what} ${name}.${didYouMean(name, among.keys())}`,
    nearestName(name, among.keys()),
  );
  return [];
}
