import type { Column } from "../values/value-type.js";
import { printValueType } from "../values/value-type-text.js";
import type { ServiceFeature } from "./bound-project.js";

export interface ServiceColumns {
  /** Every join key the features need, each once, in order of first use. */
  readonly keys: readonly Column[];
  /** Every request column their on-demand views need. */
  readonly request: readonly Column[];
}

/** What must be given so that these features can be answered; `conflict` is told of a column with two types. */
export function serviceColumns(
  features: readonly ServiceFeature[],
  conflict: (column: Column, other: Column, view: string) => void,
): ServiceColumns {
  const keys = new Map<string, Column>();
  const request = new Map<string, Column>();
  const add = (to: Map<string, Column>, column: Column, from: string): void => {
    const other = keys.get(column.name) ?? request.get(column.name);
    if (!to.has(column.name)) to.set(column.name, column);
    if (other !== undefined && printValueType(other.type) !== printValueType(column.type)) conflict(column, other, from);
  };
  for (const view of new Set(features.map((feature) => feature.view))) {
    for (const source of view.kind === "feature_view" ? [view] : view.inputs)
      for (const { key, type } of source.keys) add(keys, { name: key, type }, source.name);
    if (view.kind === "on_demand_view") for (const column of view.request) add(request, column, view.name);
  }
  return { keys: [...keys.values()], request: [...request.values()] };
}
