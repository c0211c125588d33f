import { functionDocumentation, type FunctionDocumentation } from "../expressions/function-documentation.js";
import type { BoundProject } from "../registry/bound-project.js";
import { placeAt, type Place } from "./place.js";
import { isExpression, namesInScope, sourceColumns, textAt, type ScopeName } from "./scope.js";

/** What the text at an offset speaks of. */
export type Target =
  | { readonly kind: "key"; readonly place: Place }
  | { readonly kind: "entity" | "source" | "service" | "model"; readonly name: string }
  | { readonly kind: "view"; readonly name: string }
  | { readonly kind: "feature"; readonly view: string; readonly name: string }
  | { readonly kind: "function"; readonly function: FunctionDocumentation }
  | { readonly kind: "column"; readonly column: ScopeName };

/** Finds it; undefined where there is nothing to say. */
export function targetAt(project: BoundProject, text: string, offset: number): Target | undefined {
  const place = placeAt(text, offset);
  if (place === undefined) return undefined;
  if (place.part === "key") return { kind: "key", place };
  const { kind, path, document } = place;
  const word = (/[\w]*$/.exec(text.slice(0, offset))?.[0] ?? "") + (/^[\w]*/.exec(text.slice(offset))?.[0] ?? "");
  if (isExpression(path)) {
    const column = namesInScope(project, place).find(({ name }) => name === word);
    if (column !== undefined) return { kind: "column", column };
    const found = functionDocumentation().find(({ name }) => name === word.toLowerCase());
    return found === undefined ? undefined : { kind: "function", function: found };
  }
  const written = textAt(document, ...path);
  if (written === undefined) return undefined;
  const [first, second] = path;
  const last = path.at(-1);
  if (last === "entity" || first === "entities") return { kind: "entity", name: written };
  if (last === "source") return { kind: "source", name: written };
  if (last === "service") return { kind: "service", name: written };
  if (last === "model") return { kind: "model", name: written };
  if (first === "inputs" && kind === "on_demand_view") return { kind: "view", name: written };
  if (last === "event_time" || last === "known_at" || last === "tie_break")
    return columnNamed(project, textAt(document, "name"), written);
  if (first === "keys" && kind === "feature_view") return columnNamed(project, textAt(document, "source"), written);
  if (first === "features" && kind === "feature_service") {
    const [view = "", feature] = written.split(".");
    return feature === undefined ? { kind: "view", name: view } : { kind: "feature", view, name: feature };
  }
  if (
    first === "features" &&
    typeof second === "number" &&
    last === "name" &&
    (kind === "feature_view" || kind === "on_demand_view")
  )
    return { kind: "feature", view: textAt(document, "name") ?? "", name: written };
  if (path.length !== 1 || last !== "name") return undefined;
  if (kind === "feature_view" || kind === "on_demand_view") return { kind: "view", name: written };
  if (kind === "feature_service") return { kind: "service", name: written };
  return kind === "entity" || kind === "source" || kind === "model" ? { kind, name: written } : undefined;
}

function columnNamed(project: BoundProject, source: string | undefined, wanted: string): Target | undefined {
  const column = sourceColumns(project, source).find(({ name }) => name === wanted);
  return column === undefined ? undefined : { kind: "column", column };
}
