import { expressionToDuckdb, featureToDuckdb, normalizedColumn } from "../expressions/to-duckdb.js";
import type { OnDemandView, RowFeature, WindowFeature } from "../registry/bound-project.js";
import type { Column } from "../values/value-type.js";
import { labelColumn } from "./labels.js";
import { asofColumns, asofJoin, asofValue, isAsof, staircaseRows } from "./latest-rows.js";
import type { NeededView, PointInTime } from "./point-in-time-request.js";
import { identifier } from "./sql.js";
import type { TimeRange } from "./view-rows.js";
import { bucketWindows, canUseFrames, frameWindows, widestWindow } from "./windows.js";
import { withDefault } from "./with-default.js";

/** What a look at labels and sources tells, by which the shape of a plan is chosen. */
export interface PlanFacts {
  /** Microseconds: the labels' first and last moment; undefined where there is none. */
  readonly from?: bigint;
  readonly to?: bigint;
  /** By view: rows that share key and event time with another (`tiesSql`). Not looked: there may be some. */
  readonly ties: ReadonlyMap<string, number>;
  /** By view: keys whose windows cost less by frames (`hotKeysSql`). Not looked: none. */
  readonly hotKeys: ReadonlyMap<string, number>;
  /** By view, microseconds: rows that became visible later are left out, as if they were not there yet. */
  readonly visibleUntil?: ReadonlyMap<string, bigint>;
  /** From how many pairs a row a key is hot; default `mostPairsPerRow`. */
  readonly hotFrom?: number;
}

export const noFacts: PlanFacts = { ties: new Map(), hotKeys: new Map() };

export interface PointInTimeQuery {
  /** Statements to run first, in order, over a table `_labels` (`stagedLabels`); they make temporary tables. */
  readonly setup: readonly { readonly view: string; readonly sql: string }[];
  /** One row per label row, in the labels' order: the label's columns, then the features. */
  readonly sql: string;
  readonly columns: readonly Column[];
  /** How each view is joined. */
  readonly shapes: Readonly<Record<string, "asof" | "staircase" | "buckets" | "frames">>;
}

/** The event times that can matter to a view, from the labels' moments. */
export function relevantRange({ view, features }: NeededView, { from, to, visibleUntil }: PlanFacts): TimeRange {
  const reach = view.shape === "latest" ? view.ttl : widestWindow(features);
  const slack = view.refresh === undefined ? 0n : view.refresh.every + view.refresh.delay;
  const until = visibleUntil?.get(view.name);
  return {
    ...(until === undefined ? {} : { visibleUntil: until }),
    ...(to === undefined ? {} : { to }),
    ...(from === undefined || reach === undefined ? {} : { from: from - reach - slack }),
  };
}

/** The point-in-time join of contracts §3 as DuckDB SQL over `_labels`. */
export function pointInTimeQuery(resolved: PointInTime, facts: PlanFacts = noFacts): PointInTimeQuery {
  const { labelColumns, output, views } = resolved;
  const setup: PointInTimeQuery["setup"][number][] = [];
  const shapes: Record<string, PointInTimeQuery["shapes"][string]> = {};
  const columns: string[] = [];
  const joins: string[] = [];
  const valueOf = new Map<string, (feature: RowFeature | WindowFeature) => string>();
  for (const [index, needed] of views.entries()) {
    const { view } = needed;
    const table = `_v${index}`;
    const range = relevantRange(needed, facts);
    if (isAsof(view)) {
      shapes[view.name] = "asof";
      columns.push(...asofColumns(needed, table, labelColumns));
      joins.push(asofJoin(needed, table, range, facts.ties.get(view.name) ?? 1));
      valueOf.set(view.name, (feature) => asofValue(needed, table, feature));
      continue;
    }
    const isHot = (facts.hotKeys.get(view.name) ?? 0) > 0 && canUseFrames(needed);
    const shape = view.shape === "latest" ? "staircase" : isHot ? "frames" : "buckets";
    const statements = { staircase: staircaseRows, buckets: bucketWindows, frames: frameWindows }[shape];
    shapes[view.name] = shape;
    setup.push(...statements(needed, labelColumns, range, table, facts.hotFrom).map((sql) => ({ view: view.name, sql })));
    joins.push(`LEFT JOIN ${table} ON l._row = ${table}._row`);
    valueOf.set(view.name, ({ name }) => `${table}.${identifier(name)}`);
  }
  const value = ({ view, feature }: PointInTime["output"][number]): string =>
    view.kind === "feature_view"
      ? (valueOf.get(view.name)?.(feature) ?? "NULL")
      : onDemandValue(view, feature, labelColumns, (input, one) => valueOf.get(input)?.(one) ?? "NULL");
  const selected = [
    ...labelColumns.map(({ name }, index) => `l._l${index} AS ${identifier(name)}`),
    ...output.map((one) => `${value(one)} AS ${identifier(one.name)}`),
  ];
  const labels = columns.length === 0 ? "_labels" : `(SELECT *, ${columns.join(", ")} FROM _labels)`;
  return {
    setup,
    sql: [`SELECT ${selected.join(", ")}`, `FROM ${labels} AS l`, ...joins, "ORDER BY l._row"].join("\n"),
    columns: [...labelColumns, ...output.map(({ name, feature }) => ({ name, type: feature.type }))],
    shapes,
  };
}

function onDemandValue(
  view: OnDemandView,
  feature: RowFeature | WindowFeature,
  labelColumns: readonly Column[],
  valueOf: (view: string, feature: RowFeature | WindowFeature) => string,
): string {
  if (feature.kind !== "row") throw new Error("an on-demand feature is an expression");
  const sql = expressionToDuckdb(feature.expression, (name) => {
    for (const input of view.inputs) {
      const found = input.features.find((one) => one.name === name);
      if (found !== undefined) return valueOf(input.name, found);
    }
    const column = view.request.find((one) => one.name === name);
    if (column === undefined) throw new Error(`${name} was bound when the expression was typed`);
    return normalizedColumn(column.type, `l.${labelColumn(labelColumns, name)}`);
  });
  return withDefault(feature, featureToDuckdb(feature.type, sql));
}
