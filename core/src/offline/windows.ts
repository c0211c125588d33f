import { columnsUsed } from "../expressions/columns-used.js";
import { aggregateToDuckdb, featureToDuckdb } from "../expressions/to-duckdb.js";
import type { FeatureView, WindowFeature } from "../registry/bound-project.js";
import type { Column } from "../values/value-type.js";
import { labelMoments } from "./labels.js";
import type { NeededView } from "./point-in-time-request.js";
import { identifier } from "./sql.js";
import { keyList, sourceColumn, sourceRows, tieColumn, type TimeRange } from "./view-rows.js";
import { eventTimeSql } from "./visible-at.js";
import { withDefault } from "./with-default.js";

/** Aggregates that a window frame of SQL computes as contracts §3 means them. */
const framed = new Set(["count", "sum", "avg", "min", "max", "variance", "stddev", "count_distinct"]);

/** Whether frames can take the place of buckets: rows are known when they happen, and every aggregate has a frame. */
export function canUseFrames({ view, features }: NeededView): boolean {
  return view.source.knownAt === undefined && windowsOf(features).every(({ aggregate }) => framed.has(aggregate.function));
}

function windowsOf(features: NeededView["features"]): WindowFeature[] {
  return features.filter((feature) => feature.kind === "window");
}

/** The widest window in microseconds; undefined where one is unbounded. */
export function widestWindow(features: NeededView["features"]): bigint | undefined {
  let widest = 0n;
  for (const { window } of windowsOf(features)) {
    if (window === "unbounded") return undefined;
    if (window > widest) widest = window;
  }
  return widest;
}

interface Operands {
  /** `_x0`, `_x1`, … by source column. */
  readonly columns: readonly string[];
  readonly sql: (alias: string) => (name: string) => string;
}

function operandsOf(view: FeatureView, windows: readonly WindowFeature[]): Operands {
  const used = [...new Set(windows.flatMap(({ aggregate }) => [...columnsUsed(aggregate)]))];
  const column = sourceColumn(view);
  return {
    columns: used.map((name, index) => `${column(name)} AS _x${index}`),
    sql: (alias) => (name) => `${alias}_x${used.indexOf(name)}`,
  };
}

/**
 * About how many pairs of a label and an event `bucketWindows` would meet, and how many labels and events there are:
 * by key, were the events of each spread evenly over the time they span.
 */
export function pairsSql(needed: NeededView, labelColumns: readonly Column[], range: TimeRange): string {
  const { view, features } = needed;
  const keys = keyList(view);
  const by = keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")}`;
  const widest = widestWindow(features);
  const share = widest === undefined ? "1" : `least(1, ${2n * widest} / nullif(span, 0))`;
  const match = keys.length === 0 ? "true" : keys.map((key) => `m.${key} = e.${key}`).join(" AND ");
  return [
    `WITH m AS (SELECT ${[...keys, "count(*) AS n"].join(", ")} FROM (SELECT DISTINCT ${[...keys, "_c"].join(", ")} FROM (${labelMoments(view, labelColumns)}))${by}),`,
    `e AS (SELECT ${[...keys, "count(*) AS n", "epoch_us(max(_e)) - epoch_us(min(_e)) AS span"].join(", ")} FROM (${sourceRows(view, [], range)})${by})`,
    `SELECT coalesce(sum(CAST(m.n AS DOUBLE) * e.n * coalesce(${share}, 1)), 0), (SELECT coalesce(sum(n), 0) FROM m) + (SELECT coalesce(sum(n), 0) FROM e) FROM m JOIN e ON ${match}`,
  ].join(" ");
}

/**
 * Windows `[c − w, c)` by buckets as wide as the widest window: a moment touches two; labels meet events on key and
 * bucket, and each feature filters its own window. Exact for every aggregate, with `known_at` too; its work grows with
 * the pairs. Statements that end with `table` of `_row` and the features.
 */
export function bucketWindows(needed: NeededView, labelColumns: readonly Column[], range: TimeRange, table: string): string[] {
  const { view, features } = needed;
  const chosen = windowsOf(features);
  const widest = widestWindow(chosen);
  const operands = operandsOf(view, chosen);
  const bucket = widest === undefined ? [] : [`floor_divide(epoch_us(${eventTimeSql(view.source)}), ${widest}) AS _bucket`];
  const rows = sourceRows(view, [...operands.columns, ...tieColumn(view), ...bucket], range);

  const keys = keyList(view);
  const known = view.refresh === undefined ? "m._c" : `m._c + to_microseconds(${view.refresh.delay})`;
  const since = (window: bigint): string => `e._e >= m._c - to_microseconds(${window})`;
  const conditions = [
    ...keys.map((key) => `m.${key} = e.${key}`),
    ...(widest === undefined ? [] : ["m._bucket = e._bucket", since(widest)]),
    "e._e < m._c",
    ...(view.source.knownAt === undefined ? [] : [`e._known <= ${known}`]),
  ];
  const order = ["e._e", view.source.tieBreak === undefined ? "e._known" : "e._tie NULLS FIRST"].join(", ");
  const values = chosen.map((feature) => {
    const filter = feature.window === "unbounded" || feature.window === widest ? undefined : since(feature.window);
    return value(feature, aggregateToDuckdb(feature.aggregate, operands.sql("e."), order, filter));
  });
  const distinct = `SELECT DISTINCT ${[...keys, "_c"].join(", ")} FROM ${table}_labels`;
  const number = `floor_divide(epoch_us(_c), ${String(widest)})`;
  const spread = widest === undefined ? distinct : `SELECT *, unnest([${number}, ${number} - 1]) AS _bucket FROM (${distinct})`;
  const by = [...keyList(view, "m."), "m._c"].join(", ");
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_labels AS ${labelMoments(view, labelColumns)}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_windows AS SELECT ${[by, ...values].join(", ")} FROM (${spread}) AS m JOIN (${rows}) AS e ON ${conditions.join(" AND ")} GROUP BY ${by}`,
    joinWindows(view, chosen, table),
  ];
}

/**
 * The same windows by frames over events and moments in one order. Its work grows with the rows, however many of them
 * have one key.
 */
export function frameWindows(needed: NeededView, labelColumns: readonly Column[], range: TimeRange, table: string): string[] {
  const { view, features } = needed;
  const chosen = windowsOf(features);
  const operands = operandsOf(view, chosen);
  const keys = keyList(view);
  const columns = operands.columns.map((_, index) => `_x${index}`);
  const events = `SELECT ${[...keys, "_e AS _c", "true AS _is_event", ...columns].join(", ")} FROM (${sourceRows(view, operands.columns, range)})`;
  const moments = `SELECT DISTINCT ${[...keys, "_c", "false AS _is_event", ...columns.map((name) => `NULL AS ${name}`)].join(", ")} FROM ${table}_labels`;
  const names = [...new Set(chosen.map(({ window }) => window))];
  const frames = names.map((window, index) => {
    const start = window === "unbounded" ? "UNBOUNDED PRECEDING" : `to_microseconds(${window}) PRECEDING`;
    const partition = keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `;
    return `_w${index} AS (${partition}ORDER BY _c RANGE BETWEEN ${start} AND to_microseconds(1) PRECEDING)`;
  });
  const values = chosen.map((feature) =>
    value(
      feature,
      aggregateToDuckdb(feature.aggregate, operands.sql(""), "_c", "_is_event", `_w${names.indexOf(feature.window)}`),
    ),
  );
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_labels AS ${labelMoments(view, labelColumns)}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_windows AS SELECT * EXCLUDE (_is_event) FROM (SELECT ${[...keys, "_c", "_is_event", ...values].join(", ")} FROM (${events} UNION ALL ${moments}) WINDOW ${frames.join(", ")}) WHERE NOT _is_event`,
    joinWindows(view, chosen, table),
  ];
}

const value = (feature: WindowFeature, sql: string): string =>
  `${featureToDuckdb(feature.type, sql)} AS ${identifier(feature.name)}`;

/** The windows of each label; an empty one counts 0. */
function joinWindows(view: FeatureView, chosen: readonly WindowFeature[], table: string): string {
  const values = chosen.map((feature) => {
    const found = `w.${identifier(feature.name)}`;
    const counts = feature.aggregate.function.includes("count");
    return `${withDefault(feature, counts ? `coalesce(${found}, ${featureToDuckdb(feature.type, "0")})` : found)} AS ${identifier(feature.name)}`;
  });
  const match = [...keyList(view), "_c"].map((name) => `m.${name} = w.${name}`).join(" AND ");
  return `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT m._row, ${values.join(", ")} FROM ${table}_labels AS m LEFT JOIN ${table}_windows AS w ON ${match}`;
}
