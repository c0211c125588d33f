import { expressionToDuckdb, featureToDuckdb, literalToDuckdb } from "../expressions/to-duckdb.js";
import { keyList, sourceColumn, sourceRows, tieColumn } from "../offline/view-rows.js";
import { eventTimeSql } from "../offline/visible-at.js";
import type { OnlineView } from "./online-view.js";

export interface RowRange {
  /** Microseconds: only rows that became visible later; undefined: all. */
  readonly after: bigint | undefined;
  /** Only rows visible by then. */
  readonly until: bigint;
}

/**
 * SQL of a view's rows as the online store takes them, ordered by key: keys, event, known, tie, then the features of a
 * latest row or a window view's operands. Rows that no window can reach any more are left out.
 */
export function newRows({ view, operands, retention }: OnlineView, { after, until }: RowRange): string {
  const column = sourceColumn(view);
  const values =
    view.shape === "window"
      ? operands.map((operand) => featureToDuckdb(operand.type, expressionToDuckdb(operand, column)))
      : view.features.map((feature) =>
          feature.kind === "row" ? featureToDuckdb(feature.type, expressionToDuckdb(feature.expression, column)) : "NULL",
        );
  const inner = sourceRows(view, [...values.map((sql, index) => `${sql} AS _x${index}`), ...tieColumn(view)]);
  const conditions = [`_v <= ${moment(until)}`, ...(after === undefined ? [] : [`_v > ${moment(after)}`])];
  // Said of the source's own columns too, so that row groups outside the range are not read.
  const early = [
    `${eventTimeSql(view.source)} <= ${moment(until)}`,
    ...(view.shape === "window" && retention !== "unbounded"
      ? [`${eventTimeSql(view.source)} >= ${moment(until - retention)}`]
      : []),
  ];
  const columns = [
    ...keyList(view),
    "_e",
    "_known",
    view.source.tieBreak === undefined ? "_known AS _tie" : "_tie",
    ...values.map((_, index) => `_x${index}`),
  ];
  const order = view.keys.length === 0 ? "" : ` ORDER BY ${keyList(view).join(", ")}`;
  return `SELECT ${columns.join(", ")} FROM (${inner} AND ${early.join(" AND ")}) WHERE ${conditions.join(" AND ")}${order}`;
}

const moment = (micros: bigint): string => literalToDuckdb(micros, { kind: "timestamp" });
