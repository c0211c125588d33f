import { castToDuckdb } from "../expressions/cast-to-duckdb.js";
import { normalizedColumn } from "../expressions/to-duckdb.js";
import type { FeatureView } from "../registry/bound-project.js";
import type { Column } from "../values/value-type.js";
import { identifier } from "./sql.js";
import { cutOffSql, momentSql } from "./visible-at.js";

/**
 * Labels under names of our own, so that no column of theirs meets one of ours: `_row` from 0 in their order, `_t` the
 * moment, `_l0`, `_l1`, … their columns.
 */
export function stagedLabels(relation: string, columns: readonly Column[], time: string): string {
  const named = columns.map(({ name }, index) => `${identifier(name)} AS _l${index}`);
  const at = columns.findIndex(({ name }) => name === time);
  const isText = columns[at]?.type.kind === "string";
  // A zone in a text counts only in a cast to TIMESTAMPTZ; the session's zone is UTC.
  const t = momentSql(isText ? `TRY_CAST(_l${at} AS TIMESTAMPTZ)` : `_l${at}`);
  return `SELECT row_number() OVER () - 1 AS _row, ${t} AS _t, * FROM (SELECT ${named.join(", ")} FROM ${relation})`;
}

/** SQL of a label's own column. */
export function labelColumn(columns: readonly Column[], name: string): string {
  return `_l${columns.findIndex((column) => column.name === name)}`;
}

/** A view's keys and *c* of each label, as SQL over `_labels`: what the view is asked with. */
export function labelKeys(
  view: FeatureView,
  columns: readonly Column[],
): { readonly keys: readonly string[]; readonly c: string } {
  return {
    keys: view.keys.map(({ key, type }) => {
      const from = columns.find(({ name }) => name === key)?.type ?? type;
      return from.kind === "string"
        ? castToDuckdb(from, type, labelColumn(columns, key))
        : normalizedColumn(type, labelColumn(columns, key));
    }),
    c: cutOffSql(view, "_t"),
  };
}

/** The labels that can have a value of the view: `_row`, keys `_k0…`, and `_c`, from which the view is seen. */
export function labelMoments(view: FeatureView, columns: readonly Column[]): string {
  const { keys, c } = labelKeys(view, columns);
  const named = keys.map((key, index) => `${key} AS _k${index}`);
  const inner = `SELECT ${["_row", ...named, `${c} AS _c`].join(", ")} FROM _labels WHERE _t IS NOT NULL`;
  const present = keys.map((_, index) => `_k${index} IS NOT NULL`);
  return present.length === 0 ? inner : `SELECT * FROM (${inner}) WHERE ${present.join(" AND ")}`;
}
