import type { BoundProject } from "../registry/bound-project.js";
import type { Target } from "./target.js";

/** Where a target is defined; `line` is zero-based. Undefined for what has no definition of its own. */
export function definitionOf(
  project: BoundProject,
  target: Target,
): { readonly file: string; readonly line: number } | undefined {
  switch (target.kind) {
    case "entity":
      return project.entities.get(target.name);
    case "source":
      return project.sources.get(target.name);
    case "service":
      return project.services.get(target.name);
    case "model":
      return project.models.get(target.name);
    case "view":
      return project.views.get(target.name);
    case "feature":
      return featurePlace(project, target.view, target.name);
    case "column": {
      const { definition } = target.column;
      if (definition === undefined) return undefined;
      return "source" in definition
        ? project.sources.get(definition.source)
        : featurePlace(project, definition.view, definition.feature);
    }
    case "key":
    case "function":
      return undefined;
  }
}

function featurePlace(project: BoundProject, viewName: string, name: string): { file: string; line: number } | undefined {
  const view = project.views.get(viewName);
  const feature = view?.features.find((one) => one.name === name);
  return view === undefined || feature === undefined ? undefined : { file: view.file, line: feature.line };
}
