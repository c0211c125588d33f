import { SkewproofError } from "../errors.js";
import { columnsUsed } from "../expressions/columns-used.js";
import {
  aggregateToDuckdb,
  expressionToDuckdb,
  featureToDuckdb,
  literalToDuckdb,
  normalizedColumn,
} from "../expressions/to-duckdb.js";
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
import { toDuckdbType } from "./duckdb-type.js";
import { identifier } from "./sql.js";
import { sourceColumn, sourceRows } from "./view-rows.js";
import { cutOffSql, eventTimeSql } from "./visible-at.js";

export interface PointInTimeRequest {
  readonly service: FeatureService;
  /** Names of the service's features to compute, as `feature` or `view.feature`; default all. */
  readonly features?: readonly string[];
  /** SQL relation of the labels. Its rows keep their order, and duplicates stay. */
  readonly labels: string;
  readonly labelColumns: readonly Column[];
  /** The labels' column that holds *t*. */
  readonly time: string;
  /** Name features `view__feature`. */
  readonly fullNames?: boolean;
}

export interface PointInTimeQuery {
  /** Statements to run first, in order; they make temporary tables. */
  readonly setup: readonly string[];
  /** One row per label row, in the labels' order: the label's columns, then the features. */
  readonly sql: string;
  readonly columns: readonly Column[];
}

/**
 * The point-in-time join of contracts §3 as DuckDB SQL. Everything that can be wrong with the request is said here,
 * before anything runs: `usage` for a missing or mistyped column, an unknown feature, a name taken twice.
 */
export function pointInTimeQuery(request: PointInTimeRequest): PointInTimeQuery {
  const { service, labels, labelColumns, time, fullNames = false } = request;
  const wanted = select(service, request.features);
  const views = [...new Set(wanted.map(({ view }) => view))];
  const stored = [...new Set(views.flatMap((view) => (view.kind === "feature_view" ? [view] : view.inputs)))];
  const onDemand = views.filter((view) => view.kind === "on_demand_view");
  requireColumns(service, stored, onDemand, labelColumns, time);

  const output = wanted.map(({ name, view, feature }) => ({ name: fullNames ? `${view.name}__${name}` : name, view, feature }));
  for (const { name } of output)
    if (labelColumns.some((column) => column.name === name))
      throw new SkewproofError(
        "usage",
        `The labels already have a column ${name}, which is a feature of ${service.name} too. Rename the column, or use full names.`,
      );

  const keyColumn = (name: string): string => `l.${identifier(name)}`;
  const timeType = labelColumns.find((column) => column.name === time)?.type.kind;
  const t =
    timeType === "string"
      ? `CAST(TRY_CAST(${keyColumn(time)} AS TIMESTAMPTZ) AS TIMESTAMP)`
      : `CAST(${keyColumn(time)} AS TIMESTAMP)`;
  const setup = [
    `CREATE OR REPLACE TEMP TABLE _labels AS SELECT l.*, row_number() OVER () AS _row, ${t} AS _t FROM ${labels} AS l`,
  ];
  const joins: string[] = [];
  for (const [index, view] of stored.entries()) {
    const features = featuresNeeded(view, wanted, onDemand);
    const table = `_view_${index}`;
    setup.push(...(view.shape === "latest" ? latestRows(view, features, table) : windows(view, features, table)));
    joins.push(`LEFT JOIN ${table} USING (_row)`);
  }

  const columnOf = (view: FeatureView, name: string): string => `_view_${stored.indexOf(view)}.${identifier(name)}`;
  const value = ({ view, feature }: ServiceFeature): string =>
    view.kind === "feature_view" ? columnOf(view, feature.name) : onDemandValue(view, feature, columnOf);
  const selected = output.map((feature) => `${value(feature)} AS ${identifier(feature.name)}`);
  const sql = [
    `SELECT ${[...labelColumns.map(({ name }) => `l.${identifier(name)}`), ...selected].join(", ")}`,
    `FROM _labels AS l ${joins.join(" ")} ORDER BY l._row`,
  ].join("\n");
  return { setup, sql, columns: [...labelColumns, ...output.map(({ name, feature }) => ({ name, type: feature.type }))] };
}

function select(service: FeatureService, names: readonly string[] | undefined): readonly ServiceFeature[] {
  if (names === undefined) return service.features;
  return names.map((name) => {
    const found = service.features.find((one) => one.name === name || `${one.view.name}.${one.name}` === name);
    if (found === undefined) {
      const all = service.features.map((one) => one.name);
      throw new SkewproofError(
        "usage",
        `The service ${service.name} has no feature ${name}.${didYouMean(name, all)} Features: ${all.join(", ")}.`,
      );
    }
    return found;
  });
}

function requireColumns(
  service: FeatureService,
  stored: readonly FeatureView[],
  onDemand: readonly OnDemandView[],
  labelColumns: readonly Column[],
  time: string,
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
function featuresNeeded(
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

function withDefault(feature: RowFeature | WindowFeature, sql: string): string {
  return feature.default === undefined ? sql : `coalesce(${sql}, ${literalToDuckdb(feature.default, feature.type)})`;
}

function onDemandValue(
  view: OnDemandView,
  feature: RowFeature | WindowFeature,
  columnOf: (view: FeatureView, name: string) => string,
): string {
  if (feature.kind !== "row") throw new Error("an on-demand feature is an expression");
  const sql = expressionToDuckdb(feature.expression, (name) => {
    const input = view.inputs.find(({ features }) => features.some((one) => one.name === name));
    if (input !== undefined) return columnOf(input, name);
    const column = view.request.find((one) => one.name === name);
    if (column === undefined) throw new Error(`${name} was bound when the expression was typed`);
    const cast = `CAST(l.${identifier(name)} AS ${toDuckdbType(column.type)})`;
    return normalizedColumn(column.type, cast);
  });
  return withDefault(feature, featureToDuckdb(feature.type, sql));
}

const keyList = (view: FeatureView, prefix: string): string => view.keys.map((_, index) => `${prefix}_k${index}`).join(", ");
const partition = (view: FeatureView): string => (view.keys.length === 0 ? "" : `PARTITION BY ${keyList(view, "")} `);

/** Distinct (key, moment) pairs of the labels: labels that share them share the work. */
function moments(view: FeatureView): string {
  const keys = view.keys.map(({ key, type }, index) => `TRY_CAST(l.${identifier(key)} AS ${toDuckdbType(type)}) AS _k${index}`);
  const present = view.keys.map((_, index) => `_k${index} IS NOT NULL`);
  const inner = `SELECT ${[...keys, `${cutOffSql(view, "l._t")} AS _c`, "_row"].join(", ")} FROM _labels AS l WHERE _t IS NOT NULL`;
  return `SELECT * FROM (${inner})${present.length === 0 ? "" : ` WHERE ${present.join(" AND ")}`}`;
}

/**
 * The latest visible row as a staircase: rows of a key in the order in which they became visible, each step holding the
 * greatest so far in the order of contracts §3.2; then one ASOF join. Exact with `known_at`, where a plain ASOF is not.
 */
function latestRows(view: FeatureView, features: readonly (RowFeature | WindowFeature)[], table: string): string[] {
  const column = sourceColumn(view);
  const all = view.features.flatMap((feature, index) =>
    feature.kind === "row"
      ? [`${featureToDuckdb(feature.type, expressionToDuckdb(feature.expression, column))} AS _f${index}`]
      : [],
  );
  const tie = view.source.tieBreak === undefined ? [] : [`${identifier(view.source.tieBreak)} AS _tie`];
  const order = [
    "_e",
    ...(tie.length === 0 ? ["_known"] : ["_tie NULLS FIRST"]),
    ...view.features.map((_, index) => `_f${index} NULLS FIRST`),
  ];
  const step = view.refresh === undefined ? "_v" : firstSnapshot(view.refresh);
  const expired = view.ttl === undefined ? undefined : `m._c - r._e > to_microseconds(${view.ttl})`;
  const values = view.features.flatMap((feature, index) =>
    features.includes(feature)
      ? [
          `${withDefault(feature, expired === undefined ? `r._f${index}` : `CASE WHEN ${expired} THEN NULL ELSE r._f${index} END`)} AS ${identifier(feature.name)}`,
        ]
      : [],
  );
  const on = (left: string, right: string): string =>
    view.keys.map((_, index) => `${left}._k${index} = ${right}._k${index} AND `).join("");
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_rows AS SELECT *, row_number() OVER (${partition(view)}ORDER BY ${order.join(", ")}) AS _rank, ${step} AS _step FROM (${sourceRows(view, [...tie, ...all])})`,
    `CREATE OR REPLACE TEMP TABLE ${table}_steps AS SELECT DISTINCT ${[keyList(view, ""), "_step", `max(_rank) OVER (${partition(view)}ORDER BY _step RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _rank`].filter((part) => part !== "").join(", ")} FROM ${table}_rows`,
    [
      `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT _row, ${values.join(", ")} FROM (SELECT m.*, s._rank AS _rank FROM (${moments(view)}) AS m`,
      `ASOF LEFT JOIN ${table}_steps AS s ON ${on("m", "s")}m._c >= s._step) AS m`,
      `LEFT JOIN ${table}_rows AS r ON ${on("m", "r")}m._rank = r._rank`,
    ].join(" "),
  ];
}

/** The first snapshot that holds a row: c > event time and c + delay >= known_at, c a multiple of `every`. */
function firstSnapshot({ every, delay }: { every: bigint; delay: bigint }): string {
  const afterEvent = `(floor_divide(epoch_us(_e), ${every}) + 1) * ${every}`;
  const afterKnown = `-floor_divide(${delay} - epoch_us(_known), ${every}) * ${every}`;
  return `make_timestamp(CAST(greatest(${afterEvent}, ${afterKnown}) AS BIGINT))`;
}

/**
 * Windows `[c − w, c)`: with buckets as wide as the widest window, a moment touches two buckets; labels meet events on
 * key and bucket, and each feature filters its own window. Exact for every aggregate.
 */
function windows(view: FeatureView, features: readonly (RowFeature | WindowFeature)[], table: string): string[] {
  const chosen = features.filter((feature) => feature.kind === "window");
  const bounded = chosen.map(({ window }) => window).filter((window) => window !== "unbounded");
  const widest = bounded.length < chosen.length ? undefined : bounded.reduce((a, b) => (a > b ? a : b));
  const used = [...new Set(chosen.flatMap(({ aggregate }) => [...columnsUsed(aggregate)]))];
  const column = sourceColumn(view);
  const tie = view.source.tieBreak === undefined ? [] : [`${identifier(view.source.tieBreak)} AS _tie`];
  const bucket = widest === undefined ? [] : [`floor_divide(epoch_us(${eventTimeSql(view.source)}), ${widest}) AS _bucket`];
  const rows = sourceRows(view, [...used.map((name, index) => `${column(name)} AS _x${index}`), ...tie, ...bucket]);

  const keys = view.keys.map((_, index) => `_k${index}`);
  const lists = keys.length === 0 ? "" : `${keys.map((key) => `m.${key}`).join(", ")}, `;
  const delayed = view.refresh === undefined ? "m._c" : `m._c + to_microseconds(${view.refresh.delay})`;
  const conditions = [
    ...keys.map((key) => `m.${key} = e.${key}`),
    ...(widest === undefined ? [] : [`m._bucket = e._bucket`, `e._e >= m._c - to_microseconds(${widest})`]),
    "e._e < m._c",
    ...(view.source.knownAt === undefined ? [] : [`e._known <= ${delayed}`]),
  ];
  const order = ["e._e", ...(view.source.tieBreak === undefined ? ["e._known"] : ["e._tie NULLS FIRST"])].join(", ");
  const values = chosen.map((feature) => {
    const filter =
      feature.window === "unbounded" || feature.window === widest
        ? undefined
        : `e._e >= m._c - to_microseconds(${feature.window})`;
    const sql = aggregateToDuckdb(feature.aggregate, (name) => `e._x${used.indexOf(name)}`, order, filter);
    return `${featureToDuckdb(feature.type, sql)} AS ${identifier(feature.name)}`;
  });
  const distinct = `SELECT DISTINCT ${[...keys, "_c"].join(", ")} FROM ${table}_labels`;
  const spread =
    widest === undefined
      ? distinct
      : `SELECT *, unnest([floor_divide(epoch_us(_c), ${widest}), floor_divide(epoch_us(_c), ${widest}) - 1]) AS _bucket FROM (${distinct})`;
  const empty = chosen.map((feature) => {
    const isCount = feature.aggregate.function === "count" || feature.aggregate.function === "count_distinct";
    const sql = isCount
      ? `CASE WHEN m._row IS NULL THEN NULL ELSE coalesce(w.${identifier(feature.name)}, ${featureToDuckdb(feature.type, "0")}) END`
      : `w.${identifier(feature.name)}`;
    return `${withDefault(feature, sql)} AS ${identifier(feature.name)}`;
  });
  const match = [...keys, "_c"].map((name) => `m.${name} = w.${name}`).join(" AND ");
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_labels AS ${moments(view)}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_windows AS SELECT ${lists}m._c, ${values.join(", ")} FROM (${spread}) AS m JOIN (${rows}) AS e ON ${conditions.join(" AND ")} GROUP BY ${lists}m._c`,
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT m._row, ${empty.join(", ")} FROM ${table}_labels AS m LEFT JOIN ${table}_windows AS w ON ${match}`,
  ];
}
