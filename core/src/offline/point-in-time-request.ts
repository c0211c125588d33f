import { SkewproofError } from "../errors.js";
import { columnsUsed } from "../expressions/columns-used.js";
import type {
  FeatureService,
  FeatureView,
  OnDemandView,
  RowFeature,
  ServiceFeature,
  WindowFeature,
} from "../registry/bound-project.js";
import { didYouMean } from "../values/nearest-name.js";
import { printValueType } from "../values/value-type-text.js";
import type { Column } from "../values/value-type.js";

export interface PointInTimeRequest {
  readonly service: FeatureService;
  /** Names of the service's features to compute, as `feature` or `view.feature`; default all. */
  readonly features?: readonly string[];
  readonly labelColumns: readonly Column[];
  /** The labels' column that holds *t*. */
  readonly time: string;
  /** Name features `view__feature`. */
  readonly fullNames?: boolean;
}

/** A feature view with those of its features that the request needs. */
export interface NeededView {
  readonly view: FeatureView;
  readonly features: readonly (RowFeature | WindowFeature)[];
}

/** A request that fits its labels, with every name resolved. */
export interface PointInTime extends PointInTimeRequest {
  /** What comes out, beside the labels' columns. */
  readonly output: readonly {
    readonly name: string;
    readonly view: ServiceFeature["view"];
    readonly feature: RowFeature | WindowFeature;
  }[];
  readonly views: readonly NeededView[];
}

/**
 * Checks a request against the labels' columns. Everything that can be wrong with it is said here, before anything
 * runs: `usage` for a missing or mistyped column, an unknown feature, a name taken twice.
 */
export function resolveRequest(request: PointInTimeRequest): PointInTime {
  const { service, labelColumns, fullNames = false } = request;
  const wanted = select(service, request.features);
  const views = [...new Set(wanted.map(({ view }) => view))];
  const stored = [...new Set(views.flatMap((view) => (view.kind === "feature_view" ? [view] : view.inputs)))];
  const onDemand = views.filter((view) => view.kind === "on_demand_view");
  requireColumns(request, stored, onDemand);

  const output = wanted.map(({ name, view, feature }) => ({ name: fullNames ? `${view.name}__${name}` : name, view, feature }));
  for (const [index, { name, view }] of output.entries()) {
    const other = output.findIndex((one) => one.name === name);
    if (other !== index)
      throw new SkewproofError(
        "usage",
        `${name} comes from ${output[other]?.view.name ?? ""} and from ${view.name}. Use full names, or leave one out.`,
      );
    // Table formats tell names apart by case; SQL does not.
    const taken = labelColumns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (taken !== undefined)
      throw new SkewproofError(
        "usage",
        `The labels already have a column ${taken.name}, which is a feature of ${service.name} too. Rename the column, or use full names.`,
      );
  }
  return { ...request, output, views: stored.map((view) => ({ view, features: needed(view, wanted, onDemand) })) };
}

function select(service: FeatureService, names: readonly string[] | undefined): readonly ServiceFeature[] {
  if (names === undefined) return service.features;
  const chosen = new Set<ServiceFeature>();
  for (const name of names) {
    const found = service.features.find((one) => one.name === name || `${one.view.name}.${one.name}` === name);
    if (found !== undefined && found.name === name && service.ambiguous.includes(name))
      throw new SkewproofError("usage", `Several views have a feature ${name}; write it as ${found.view.name}.${name}.`);
    if (found === undefined) {
      const all = service.features.map((one) => one.name);
      throw new SkewproofError(
        "usage",
        `The service ${service.name} has no feature ${name}.${didYouMean(name, all)} Features: ${all.join(", ")}.`,
      );
    }
    if (chosen.has(found)) throw new SkewproofError("usage", `The feature ${name} is asked for twice.`);
    chosen.add(found);
  }
  return [...chosen];
}

function requireColumns(
  { service, labelColumns, time }: PointInTimeRequest,
  stored: readonly FeatureView[],
  onDemand: readonly OnDemandView[],
): void {
  const names = labelColumns.map(({ name }) => name);
  const find = (name: string, what: string): Column => {
    const column = labelColumns.find((one) => one.name === name);
    if (column !== undefined) return column;
    throw new SkewproofError(
      "usage",
      `The labels have no column ${name}, ${what}.${didYouMean(name, names)} Columns: ${names.join(", ")}.`,
    );
  };
  const timeColumn = find(time, "which holds the moment of each label; name another with --time");
  if (!["timestamp", "date", "string"].includes(timeColumn.type.kind))
    throw new SkewproofError("usage", `The labels' column ${time} is ${printValueType(timeColumn.type)}, not a timestamp.`);
  for (const { key, type } of stored.flatMap((view) => view.keys)) {
    const column = find(key, `a key that the service ${service.name} needs`);
    if (column.type.kind !== type.kind && !(type.kind === "int64" && column.type.kind === "string"))
      throw new SkewproofError(
        "usage",
        `The labels' column ${key} is ${printValueType(column.type)}, but the key is ${printValueType(type)}. Cast it.`,
      );
  }
  for (const view of onDemand)
    for (const { name, type } of view.request) {
      const column = find(name, `a request column that the on-demand view ${view.name} needs`);
      const widens = type.kind === "float64" && (column.type.kind === "int64" || column.type.kind === "decimal");
      if (column.type.kind !== type.kind && !widens && !(type.kind === "timestamp" && column.type.kind === "date"))
        throw new SkewproofError(
          "usage",
          `The labels' column ${name} is ${printValueType(column.type)}, but ${view.name} needs ${printValueType(type)}. Cast it.`,
        );
    }
}

/** The view's features that are asked for, or that an on-demand feature asked for reads. */
function needed(
  view: FeatureView,
  wanted: readonly ServiceFeature[],
  onDemand: readonly OnDemandView[],
): (RowFeature | WindowFeature)[] {
  const read = new Set<string>();
  for (const { view: other, feature } of wanted)
    if (other === view) read.add(feature.name);
    else if (onDemand.some((one) => one === other && one.inputs.includes(view)) && feature.kind === "row")
      for (const name of columnsUsed(feature.expression)) read.add(name);
  return view.features.filter(({ name }) => read.has(name));
}
