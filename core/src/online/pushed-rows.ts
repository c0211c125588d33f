import { compileRow } from "../expressions/compile-row.js";
import { featureValue } from "../expressions/to-javascript.js";
import type { Column, ValueType } from "../values/value-type.js";
import type { Value } from "../values/value.js";
import { keyText, type OnlineView } from "./online-view.js";

/** A source's row, by the source's columns, as the store takes it; undefined for a row that never becomes visible. */
export type StoreRow = (values: readonly Value[]) => { readonly key: string; readonly row: readonly Value[] } | undefined;

/**
 * Does in JavaScript what `newRows` does in SQL: key, event, known, tie, then the features of a latest row or a window
 * view's operands.
 */
export function storeRows({ view, operands }: OnlineView): StoreRow {
  const columns = view.source.columns ?? [];
  const place = (name: string | undefined): number => columns.findIndex((column) => column.name === name);
  const keys = view.keys.map(({ key, column }) => ({ key, at: place(column) }));
  const [event, known, tie] = [place(view.source.eventTime), place(view.source.knownAt), place(view.source.tieBreak)];
  const expressions =
    view.shape === "window" ? operands : view.features.flatMap((feature) => (feature.kind === "row" ? [feature.expression] : []));
  const compute = compileRow(
    expressions,
    columns.map(({ name }) => name),
  );
  return (values) => {
    const key = keyText(view, Object.fromEntries(keys.map(({ key: name, at }) => [name, featureValue(values[at] ?? null)])));
    const happened = momentOf(columns[event], values[event]);
    const became = view.source.knownAt === undefined ? happened : momentOf(columns[known], values[known]);
    if (key === undefined || happened === undefined || became === undefined) return undefined;
    const computed: Value[] = [];
    compute(values.map(featureValue), computed);
    return {
      key,
      row: [happened, became, view.source.tieBreak === undefined ? became : featureValue(values[tie] ?? null), ...computed],
    };
  };
}

const microsOfDay = 86_400_000_000n;

/** Microseconds of a timestamp or a date; a source without event time has always been there. */
function momentOf(column: Column | undefined, value: Value | undefined): bigint | undefined {
  if (column === undefined) return always;
  if (value === null || value === undefined) return undefined;
  const kind: ValueType["kind"] = column.type.kind;
  if (kind === "timestamp" && typeof value === "bigint") return value;
  return kind === "date" && typeof value === "number" ? BigInt(value) * microsOfDay : undefined;
}

/** 0001-01-01, as `eventTimeSql` says it. */
const always = -62_135_596_800_000_000n;
