import { valueAt } from "../definitions/value-at.js";
import type { YamlPath } from "../definitions/source-map.js";
import type { BoundProject } from "../registry/bound-project.js";
import { printValueType } from "../values/value-type-text.js";
import type { Place } from "./place.js";

/** A name that an expression may use. */
export interface ScopeName {
  readonly name: string;
  readonly type: string;
  /** Where it comes from, for people: `column of flights`, `feature of origin_traffic`, `request column`. */
  readonly from: string;
  /** Its definition: a source by name, or a feature; nothing for a request column. */
  readonly definition?: { readonly source: string } | { readonly view: string; readonly feature: string };
}

/** A text property of the document at a place, as far as it could be read. */
export function textAt(document: unknown, ...path: YamlPath): string | undefined {
  const at = valueAt(document, path);
  return typeof at === "string" ? at : undefined;
}

/** The columns of a source, as last read from its data; none while it never was. */
export function sourceColumns(project: BoundProject, source: string | undefined): ScopeName[] {
  const columns = source === undefined ? undefined : project.sources.get(source)?.columns;
  return (columns ?? []).map(({ name, type }) => ({
    name,
    type: printValueType(type),
    from: `column of ${source ?? ""}`,
    definition: { source: source ?? "" },
  }));
}

/** Every name that an expression or aggregate at this place may use. */
export function namesInScope(project: BoundProject, { kind, document }: Place): ScopeName[] {
  if (kind === "feature_view") return sourceColumns(project, textAt(document, "source"));
  if (kind !== "on_demand_view") return [];
  const read = document as { readonly inputs?: unknown; readonly request?: unknown };
  const inputs = Array.isArray(read.inputs) ? (read.inputs as unknown[]) : [];
  const features = inputs.flatMap((input) => {
    const view = typeof input === "string" ? project.views.get(input) : undefined;
    return (view?.features ?? []).map(({ name, type }) => ({
      name,
      type: printValueType(type),
      from: `feature of ${view?.name ?? ""}`,
      definition: { view: view?.name ?? "", feature: name },
    }));
  });
  const request = read.request !== null && typeof read.request === "object" ? Object.entries(read.request) : [];
  return [
    ...features,
    ...request.map(([name, type]) => ({ name, type: typeof type === "string" ? type : "", from: "request column" })),
  ];
}

/** Whether the value at a path is the text of an expression or aggregate. */
export const isExpression = (path: YamlPath): boolean => path.at(-1) === "expression" || path.at(-1) === "aggregate";
