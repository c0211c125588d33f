import { expressionToDuckdb, featureToDuckdb } from "../expressions/to-duckdb.js";
import { keyList, sourceColumn, sourceRows, tieColumn } from "../offline/view-rows.js";
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
  const rows = sourceRows(view, [...values.map((sql, index) => `${sql} AS _x${index}`), ...tieColumn(view)], {
    visibleUntil: until,
    ...(after === undefined ? {} : { visibleAfter: after }),
    ...(view.shape === "window" && retention !== "unbounded" ? { from: until - retention } : {}),
  });
  const columns = [
    ...keyList(view),
    "_e",
    "_known",
    view.source.tieBreak === undefined ? "_known AS _tie" : "_tie",
    ...values.map((_, index) => `_x${index}`),
  ];
  const order = view.keys.length === 0 ? "" : ` ORDER BY ${keyList(view).join(", ")}`;
  return `SELECT ${columns.join(", ")} FROM (${rows})${order}`;
}
