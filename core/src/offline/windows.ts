import { printExpression } from "../expressions/print.js";
import { aggregateToDuckdb, featureToDuckdb } from "../expressions/to-duckdb.js";
import type { TypedAggregate, TypedExpression } from "../expressions/typed-tree.js";
import type { FeatureView, WindowFeature } from "../registry/bound-project.js";
import type { Column } from "../values/value-type.js";
import { labelMoments } from "./labels.js";
import type { NeededView } from "./point-in-time-request.js";
import { identifier } from "./sql.js";
import { keyList, rowValue, sourceRows, tieColumn, type TimeRange } from "./view-rows.js";
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
  /** The aggregates' different operands as `_x0`, `_x1`, …: computed once an event, not once for each moment that meets it. */
  readonly columns: readonly string[];
  /** A feature's aggregate over those columns. */
  readonly aggregate: (feature: WindowFeature) => TypedAggregate;
}

function operandsOf(view: FeatureView, windows: readonly WindowFeature[]): Operands {
  const operands = new Map<string, TypedExpression>();
  for (const { aggregate } of windows)
    if (aggregate.operand !== undefined) operands.set(printExpression(aggregate.operand), aggregate.operand);
  const printed = [...operands.keys()];
  return {
    columns: [...operands.values()].map((operand, index) => `${rowValue(view, operand)} AS _x${index}`),
    aggregate: ({ aggregate }) => {
      const { operand } = aggregate;
      if (operand === undefined) return aggregate;
      const name = `_x${printed.indexOf(printExpression(operand))}`;
      return { ...aggregate, operand: { node: "column", name, type: operand.type, span: operand.span } };
    },
  };
}

/** Beyond this many pairs for each of its rows, a key costs less by frames than by buckets (measured). */
const mostPairsPerRow = 40;

/**
 * By key: about how many pairs of a label and an event `bucketWindows` would meet, were the events spread evenly over
 * the time they span (`_pairs`), and how many labels and events there are (`_rows`).
 */
function pairsByKey({ view, features }: NeededView, moments: string, range: TimeRange): string {
  const keys = keyList(view);
  const by = keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")}`;
  const widest = widestWindow(features);
  const share = widest === undefined ? "1" : `coalesce(least(1, ${2n * widest} / nullif(e.span, 0)), 1)`;
  const match = keys.length === 0 ? "true" : keys.map((key) => `m.${key} = e.${key}`).join(" AND ");
  const labels = `SELECT ${[...keys, "count(*) AS n"].join(", ")} FROM (SELECT DISTINCT ${[...keys, "_c"].join(", ")} FROM ${moments})${by}`;
  const events = `SELECT ${[...keys, "count(*) AS n", "epoch_us(max(_e)) - epoch_us(min(_e)) AS span"].join(", ")} FROM (${sourceRows(view, [], range)})${by}`;
  return `SELECT ${[...keyList(view, "m."), `CAST(m.n AS DOUBLE) * e.n * ${share} AS _pairs`, "m.n + e.n AS _rows"].join(", ")} FROM (${labels}) AS m JOIN (${events}) AS e ON ${match}`;
}

/** How many keys have so many labels and events that buckets would cost more than frames. */
export function hotKeysSql(needed: NeededView, labelColumns: readonly Column[], range: TimeRange): string {
  const pairs = pairsByKey(needed, `(${labelMoments(needed.view, labelColumns)})`, range);
  return `SELECT count(*) FROM (${pairs}) WHERE _pairs > ${mostPairsPerRow} * _rows`;
}

/**
 * Windows `[c − w, c)` by buckets a quarter as wide as the widest window: a moment touches five; labels meet events on
 * key and bucket, and each feature filters its own window. Exact for every aggregate, with `known_at` too; its work grows with
 * the pairs. Statements that end with `table` of `_row` and the features.
 */
export function bucketWindows(needed: NeededView, labelColumns: readonly Column[], range: TimeRange, table: string): string[] {
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_labels AS ${labelMoments(needed.view, labelColumns)}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_windows AS ${bucketed(needed, range, `${table}_labels`)}`,
    joinWindows(needed, table),
  ];
}

/** More buckets meet fewer events outside the window, and make more rows of labels. */
const bucketsOfWindow = 4n;

/** Keys, `_c` and the features of each moment of `labels` that has events in its windows. */
function bucketed({ view, features }: NeededView, range: TimeRange, labels: string): string {
  const chosen = windowsOf(features);
  const widest = widestWindow(chosen);
  const operands = operandsOf(view, chosen);
  const width = widest === undefined ? undefined : (widest + bucketsOfWindow - 1n) / bucketsOfWindow;
  const bucket = width === undefined ? [] : [`floor_divide(epoch_us(${eventTimeSql(view.source)}), ${width}) AS _bucket`];
  const rows = sourceRows(view, [...operands.columns, ...tieColumn(view), ...bucket], range);

  const keys = keyList(view);
  // Said of each pair, so in whole microseconds: arithmetic of times and intervals costs many times as much.
  const since = (window: bigint): string => `e._event_us >= m._c_us - ${window}`;
  const conditions = [
    ...keys.map((key) => `m.${key} = e.${key}`),
    ...(widest === undefined ? [] : ["m._bucket = e._bucket", since(widest)]),
    "e._event_us < m._c_us",
    ...(view.source.knownAt === undefined ? [] : [`e._known_us <= m._c_us + ${view.refresh?.delay ?? 0n}`]),
  ];
  const order = ["e._e", view.source.tieBreak === undefined ? "e._known" : "e._tie NULLS FIRST"].join(", ");
  const values = chosen.map((feature) => {
    const filter = feature.window === "unbounded" || feature.window === widest ? undefined : since(feature.window);
    return value(
      feature,
      aggregateToDuckdb(operands.aggregate(feature), (name) => `e.${name}`, order, filter),
    );
  });
  const events = `SELECT *, epoch_us(_e) AS _event_us, epoch_us(_known) AS _known_us FROM (${rows})`;
  const distinct = `SELECT *, epoch_us(_c) AS _c_us FROM (SELECT DISTINCT ${[...keys, "_c"].join(", ")} FROM ${labels})`;
  const touched = Array.from(
    { length: Number(bucketsOfWindow) + 1 },
    (_, back) => `floor_divide(epoch_us(_c), ${String(width)}) - ${back}`,
  );
  const spread = widest === undefined ? distinct : `SELECT *, unnest([${touched.join(", ")}]) AS _bucket FROM (${distinct})`;
  const by = [...keyList(view, "m."), "m._c"].join(", ");
  return `SELECT ${[by, ...values].join(", ")} FROM (${spread}) AS m JOIN (${events}) AS e ON ${conditions.join(" AND ")} GROUP BY ${by}`;
}

/**
 * The same windows, those of keys with very many labels and events by frames over events and moments in one order, of
 * rows counted beforehand: how many of the key lie before the moment, and how many before each window's start. (A RANGE
 * frame looks for both anew at every row.) The work grows with the rows, however many of them have one key.
 */
export function frameWindows(
  needed: NeededView,
  labelColumns: readonly Column[],
  range: TimeRange,
  table: string,
  mostPairs = mostPairsPerRow,
): string[] {
  const { view, features } = needed;
  const chosen = windowsOf(features);
  const operands = operandsOf(view, chosen);
  const keys = keyList(view);
  const isHot = keys.length === 0 ? "" : ` SEMI JOIN ${table}_hot USING (${keys.join(", ")})`;
  const cold =
    keys.length === 0
      ? `(SELECT * FROM ${table}_labels WHERE false)`
      : `(SELECT * FROM ${table}_labels ANTI JOIN ${table}_hot USING (${keys.join(", ")}))`;
  const partition = keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")} `;
  const columns = operands.columns.map((_, index) => `_x${index}`);
  const events = `SELECT ${[...keys, "_e AS _c", "true AS _is_event", ...columns].join(", ")} FROM (${sourceRows(view, operands.columns, range)})${isHot}`;
  const moments = `SELECT DISTINCT ${[...keys, "_c", "false AS _is_event", ...columns.map((name) => `NULL AS ${name}`)].join(", ")} FROM ${table}_labels${isHot}`;
  const lengths = [...new Set(chosen.map(({ window }) => window))];
  const bounded = lengths.flatMap((window, index) => (window === "unbounded" ? [] : [{ window, index }]));
  const starts = bounded.map(({ window, index }) => {
    const match = keys.map((key) => `r.${key} = s${index}.${key} AND `).join("");
    return `ASOF LEFT JOIN ${table}_steps AS s${index} ON ${match}r._c - to_microseconds(${window}) > s${index}._c`;
  });
  const before = bounded.map(({ index }) => `coalesce(s${index}._n, 0) AS _s${index}`);
  const frames = lengths.map((window, index) => {
    const start = window === "unbounded" ? "0" : `coalesce(_s${index}, _before)`;
    return `_w${index} AS (${partition}ORDER BY _n ROWS BETWEEN (_n - 1 - ${start}) PRECEDING AND (_n - _before) PRECEDING)`;
  });
  const values = chosen.map((feature) =>
    value(
      feature,
      aggregateToDuckdb(operands.aggregate(feature), (name) => name, "_n", "_is_event", `_w${lengths.indexOf(feature.window)}`),
    ),
  );
  const started = bounded.map(({ index }) => `_s${index}`);
  const all = `SELECT * FROM ${table}_starts UNION ALL SELECT ${["*", ...started.map((name) => `NULL AS ${name}`)].join(", ")} FROM ${table}_rows WHERE _is_event`;
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_labels AS ${labelMoments(view, labelColumns)}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_hot AS SELECT * FROM (${pairsByKey(needed, `${table}_labels`, range)}) WHERE _pairs > ${mostPairs} * _rows`,
    `CREATE OR REPLACE TEMP TABLE ${table}_rows AS SELECT *, row_number() OVER (${partition}ORDER BY _c) AS _n, rank() OVER (${partition}ORDER BY _c) - 1 AS _before FROM (${events} UNION ALL ${moments})`,
    // One for a key and moment, so that the joins below have no ties.
    `CREATE OR REPLACE TEMP TABLE ${table}_steps AS SELECT ${[...keys, "_c", "max(_n) AS _n"].join(", ")} FROM ${table}_rows GROUP BY ${[...keys, "_c"].join(", ")}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_starts AS SELECT ${["r.*", ...before].join(", ")} FROM (SELECT * FROM ${table}_rows WHERE NOT _is_event) AS r ${starts.join(" ")}`,
    `CREATE OR REPLACE TEMP TABLE ${table}_windows AS ${bucketed(needed, range, cold)}`,
    `INSERT INTO ${table}_windows SELECT ${[...keys, "_c", ...chosen.map(({ name }) => identifier(name))].join(", ")} FROM (SELECT ${[...keys, "_c", "_is_event", ...values].join(", ")} FROM (${all}) WINDOW ${frames.join(", ")}) WHERE NOT _is_event`,
    joinWindows(needed, table),
  ];
}

const value = (feature: WindowFeature, sql: string): string =>
  `${featureToDuckdb(feature.type, sql)} AS ${identifier(feature.name)}`;

/** The windows of each label; an empty one counts 0. */
function joinWindows({ view, features }: NeededView, table: string): string {
  const values = windowsOf(features).map((feature) => {
    const found = `w.${identifier(feature.name)}`;
    const counts = feature.aggregate.function.includes("count");
    return `${withDefault(feature, counts ? `coalesce(${found}, ${featureToDuckdb(feature.type, "0")})` : found)} AS ${identifier(feature.name)}`;
  });
  const match = [...keyList(view), "_c"].map((name) => `m.${name} = w.${name}`).join(" AND ");
  return `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT m._row, ${values.join(", ")} FROM ${table}_labels AS m LEFT JOIN ${table}_windows AS w ON ${match}`;
}
