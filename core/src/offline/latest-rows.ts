import type { FeatureView, Refresh, RowFeature, WindowFeature } from "../registry/bound-project.js";
import type { Column } from "../values/value-type.js";
import { labelKeys, labelMoments } from "./labels.js";
import type { NeededView } from "./point-in-time-request.js";
import { identifier } from "./sql.js";
import { keyList, rowValue, sourceRows, tieColumn, type TimeRange } from "./view-rows.js";
import { withDefault } from "./with-default.js";

/** Whether a plain ASOF join on event time finds the latest visible row: where rows are known when they happen. */
export function isAsof({ source, shape }: FeatureView): boolean {
  return shape === "latest" && source.knownAt === undefined;
}

const partition = (view: FeatureView, ...more: string[]): string => {
  const by = [...keyList(view), ...more];
  return by.length === 0 ? "" : `PARTITION BY ${by.join(", ")} `;
};

function valuesOf(view: FeatureView, wanted: ReadonlySet<unknown>): string[] {
  return view.features.flatMap((feature, index) =>
    feature.kind === "row" && wanted.has(feature) ? [`${rowValue(view, feature.expression)} AS _f${index}`] : [],
  );
}

/** The order of contracts §3.2, lowest first. */
function order(view: FeatureView): string[] {
  return [
    "_e",
    view.source.tieBreak === undefined ? "_known" : "_tie NULLS FIRST",
    ...view.features.map((_, index) => `_f${index} NULLS FIRST`),
  ];
}

function featureOf(view: FeatureView, feature: RowFeature | WindowFeature, row: string, c: string): string {
  const value = `${row}._f${view.features.indexOf(feature)}`;
  const valid =
    view.ttl === undefined ? value : `CASE WHEN epoch_us(${c}) - epoch_us(${row}._e) <= ${view.ttl} THEN ${value} END`;
  return withDefault(feature, valid);
}

/** How many rows share their key and event time with another one. */
export function tiesSql(view: FeatureView): string {
  const by = [...keyList(view), "_e"].join(", ");
  return `SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM (${sourceRows(view, [])}) GROUP BY ${by} HAVING count(*) > 1)`;
}

/**
 * The rows an ASOF join takes the latest of, under `alias`. Rows of one key and moment are reduced to their winner first,
 * unless there are none (`ties` 0): the join would take any of them.
 */
export function asofJoin({ view, features }: NeededView, alias: string, range: TimeRange, ties: number): string {
  const plain = sourceRows(view, valuesOf(view, new Set(features)), range);
  const descending = order(view)
    .slice(1)
    .map((one) => `${one.replace(" NULLS FIRST", "")} DESC NULLS LAST`);
  const all = sourceRows(view, [...tieColumn(view), ...valuesOf(view, new Set(view.features))], range);
  const winners = `SELECT * FROM (${all}) QUALIFY row_number() OVER (${partition(view, "_e")}ORDER BY ${descending.join(", ")}) = 1`;
  const keys = keyList(view).map((key) => `l.${alias}${key} = ${alias}.${key} AND `);
  const on = `${keys.join("")}l.${alias}_c ${view.refresh === undefined ? ">=" : ">"} ${alias}._e`;
  return `ASOF LEFT JOIN (${ties === 0 ? plain : winners}) AS ${alias} ON ${on}`;
}

/** What the labels need beside them for `asofJoin`. */
export function asofColumns({ view }: NeededView, alias: string, labelColumns: readonly Column[]): string[] {
  const { keys, c } = labelKeys(view, labelColumns);
  // DuckDB's join takes a null moment for the last of all; this one comes before every row.
  return [...keys.map((key, index) => `${key} AS ${alias}_k${index}`), `coalesce(${c}, TIMESTAMP '-infinity') AS ${alias}_c`];
}

/** A feature after `asofJoin`; a label with a null key or moment has none, not even a default. */
export function asofValue({ view }: NeededView, alias: string, feature: RowFeature | WindowFeature): string {
  const value = featureOf(view, feature, alias, `l.${alias}_c`);
  if (feature.default === undefined) return value;
  const present = [...keyList(view, `l.${alias}`), "l._t"].map((one) => `${one} IS NOT NULL`);
  return `CASE WHEN ${present.join(" AND ")} THEN ${value} END`;
}

/**
 * The latest rows as a staircase: rows of a key in the order in which they became visible, each step holding the
 * greatest so far in the order of contracts §3.2; then one ASOF join over the steps. Exact with `known_at`, where a
 * plain ASOF join is not. Statements that end with `table` of `_row` and the features.
 */
export function staircaseRows(needed: NeededView, labelColumns: readonly Column[], range: TimeRange, table: string): string[] {
  const { view, features } = needed;
  const step = view.refresh === undefined ? "_v" : firstSnapshot(view.refresh);
  const rows = sourceRows(view, [...tieColumn(view), ...valuesOf(view, new Set(view.features))], range);
  const on = (left: string, right: string): string =>
    keyList(view)
      .map((key) => `${left}.${key} = ${right}.${key} AND `)
      .join("");
  const values = features.map((feature) => `${featureOf(view, feature, "r", "m._c")} AS ${identifier(feature.name)}`);
  const best = `max(_rank) OVER (${partition(view)}ORDER BY _step RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _rank`;
  return [
    `CREATE OR REPLACE TEMP TABLE ${table}_rows AS SELECT *, row_number() OVER (${partition(view)}ORDER BY ${order(view).join(", ")}) AS _rank, ${step} AS _step FROM (${rows})`,
    `CREATE OR REPLACE TEMP TABLE ${table}_steps AS SELECT DISTINCT ${[...keyList(view), "_step", best].join(", ")} FROM ${table}_rows`,
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT _row, ${values.join(", ")} FROM (SELECT m.*, s._rank AS _rank FROM (${labelMoments(view, labelColumns)}) AS m ASOF LEFT JOIN ${table}_steps AS s ON ${on("m", "s")}m._c >= s._step) AS m LEFT JOIN ${table}_rows AS r ON ${on("m", "r")}m._rank = r._rank`,
  ];
}

/** The first snapshot that holds a row: c > event time and c + delay >= known_at, c a multiple of `every`. */
function firstSnapshot({ every, delay }: Refresh): string {
  const afterEvent = `(floor_divide(epoch_us(_e), ${every}) + 1) * ${every}`;
  const afterKnown = `-floor_divide(${delay} - epoch_us(_known), ${every}) * ${every}`;
  return `make_timestamp(CAST(greatest(${afterEvent}, ${afterKnown}) AS BIGINT))`;
}
