import { kindSchemas } from "../definitions/schemas.js";
import { valueAt } from "../definitions/value-at.js";
import type { YamlPath } from "../definitions/source-map.js";
import { functionDocumentation } from "../expressions/function-documentation.js";
import type { BoundProject } from "../registry/bound-project.js";
import { printValueType, typeNames } from "../values/value-type-text.js";
import { placeToWrite, type Place } from "./place.js";
import { schemaAt, type Schema } from "./schema-at.js";
import { isExpression, namesInScope, sourceColumns, textAt } from "./scope.js";

export interface Completion {
  readonly label: string;
  readonly kind: "key" | "value" | "function" | "column" | "reference";
  /** What is written; default the label. */
  readonly text?: string;
  readonly detail?: string;
  readonly documentation?: string;
}

/** What can be written at an offset of a definition file, and where the word that it replaces begins. */
export function complete(project: BoundProject, text: string, offset: number): { start: number; items: Completion[] } {
  const word = /[\w.]*$/.exec(text.slice(0, offset))?.[0] ?? "";
  const start = offset - word.length;
  const place = placeToWrite(text, offset);
  if (place === undefined)
    return {
      start,
      items: /(?:^|\n)\s*\w*$/.test(text.slice(0, offset)) ? [keyItem("kind", {}, "What the document defines.")] : [],
    };
  return { start, items: place.part === "key" ? keys(project, place) : values(project, place) };
}

function keyItem(name: string, schema: Schema, documentation = schema.description): Completion {
  const text = schema.type === "object" || schema.type === "array" ? `${name}:` : `${name}: `;
  return { label: name, kind: "key", text, ...(documentation === undefined ? {} : { documentation }) };
}

function keys(project: BoundProject, place: Place): Completion[] {
  const { kind, path, document } = place;
  const parent = path.slice(0, -1);
  if (kind === undefined) return parent.length === 0 ? [keyItem("kind", {}, "What the document defines.")] : [];
  const schema = schemaAt(kind, parent);
  // A word alone in a list whose items are texts is one of them.
  if (schema?.properties === undefined)
    return schema?.type === "string" || schema?.anyOf !== undefined ? values(project, { ...place, path: parent }) : [];
  const present = valueAt(document, parent);
  const taken = new Set(present !== null && typeof present === "object" ? Object.keys(present) : []);
  const required = new Set(schema.required);
  return Object.entries(schema.properties)
    .filter(([name]) => !taken.has(name))
    .map(([name, one]) => ({ ...keyItem(name, one), ...(required.has(name) ? { detail: "required" } : {}) }));
}

const reference = (label: string, detail?: string): Completion => ({
  label,
  kind: "reference",
  ...(detail === undefined ? {} : { detail }),
});
const value = (label: string): Completion => ({ label, kind: "value" });
const durations = ["15m", "1h", "1d", "7d", "30d"];

function values(project: BoundProject, place: Place): Completion[] {
  const { kind, path, document } = place;
  if (path.length === 1 && path[0] === "kind") return Object.keys(kindSchemas).map(value);
  if (kind === undefined) return [];
  if (isExpression(path)) return expressionItems(project, place);
  const names = (of: ReadonlyMap<string, { readonly description?: string }>): Completion[] =>
    [...of].map(([name, { description }]) => reference(name, description));
  const columns = (source: string | undefined): Completion[] =>
    sourceColumns(project, source).map(({ name, type, from }) => ({
      label: name,
      kind: "column",
      detail: type,
      documentation: from,
    }));
  switch (slot(path)) {
    case "entity":
    case "entities.*":
      return names(project.entities);
    case "source":
      return names(project.sources);
    case "inputs.*":
      return kind === "on_demand_view" ? names(project.views) : [];
    case "service":
    case "inputs.*.service":
      return names(project.services);
    case "outputs.*.model":
      return names(project.models);
    case "event_time":
    case "known_at":
    case "tie_break":
      return columns(textAt(document, "name"));
    case "keys.*":
      return columns(textAt(document, "source"));
    case "features.*":
      return serviceFeatures(project);
    case "features.*.name":
      return kind === "feature_view" ? columns(textAt(document, "source")) : [];
    case "features.*.type":
    case "keys.*.type":
    case "schema.*":
    case "request.*":
      return typeNames.map(value);
    case "features.*.window":
      return [...durations, "unbounded"].map(value);
    case "ttl":
    case "window":
    case "refresh.every":
    case "refresh.delay":
      return durations.map(value);
    default:
      return (schemaAt(kind, path)?.enum ?? []).map(String).map(value);
  }
}

/** A path with every list index and every key of a record as `*`. */
function slot(path: YamlPath): string {
  const open = new Set(["keys", "schema", "request", "inputs", "outputs", "parameters"]);
  return path.map((step, index) => (typeof step === "number" || open.has(String(path[index - 1])) ? "*" : step)).join(".");
}

function serviceFeatures(project: BoundProject): Completion[] {
  return [...project.views.values()].flatMap((view) => [
    reference(view.name, `every feature of the view (${view.features.length})`),
    ...view.features.map(({ name, type }) => reference(`${view.name}.${name}`, printValueType(type))),
  ]);
}

function expressionItems(project: BoundProject, place: Place): Completion[] {
  const aggregates = place.path.at(-1) === "aggregate";
  return [
    ...namesInScope(project, place).map(({ name, type, from }): Completion => ({
      label: name,
      kind: "column",
      detail: type,
      documentation: from,
    })),
    ...functionDocumentation()
      .filter(({ aggregate }) => aggregates || !aggregate)
      .map(({ name, signature, documentation }): Completion => ({
        label: name,
        kind: "function",
        detail: signature,
        documentation,
      })),
  ];
}
