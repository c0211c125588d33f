import { columnsUsed } from "../../expressions/columns-used.js";
import { featurePath, type Findings } from "./context.js";

/** Definitions that nothing reads. */
export function readerFindings({ project, report, documentOf }: Findings): void {
  const { features, sources, entities } = whatIsRead(project);
  for (const view of project.views.values()) {
    const at = documentOf(view.kind, view.name);
    if (at === undefined) continue;
    const unread = view.features.filter(({ name }) => !features.has(`${view.name}.${name}`));
    if (unread.length === view.features.length)
      report.problem(
        at,
        ["name"],
        "no-reader",
        `No service and no on-demand view reads ${view.name}. Add it to a service, or remove it.`,
      );
    else
      for (const { name } of unread)
        report.problem(
          at,
          [...featurePath(at, name), "name"],
          "no-reader",
          `No service and no on-demand feature reads ${view.name}.${name}. Add it to a service, or remove it.`,
        );
  }
  for (const [kind, all, read] of [
    ["source", project.sources, sources],
    ["entity", project.entities, entities],
  ] as const)
    for (const name of all.keys()) {
      const at = read.has(name) ? undefined : documentOf(kind, name);
      if (at !== undefined) report.problem(at, ["name"], "no-reader", `No view reads the ${kind} ${name}. Use it, or remove it.`);
    }
}

function whatIsRead({ views, services }: Findings["project"]): Record<"features" | "sources" | "entities", ReadonlySet<string>> {
  const features = new Set<string>();
  const sources = new Set<string>();
  const entities = new Set<string>();
  for (const service of services.values())
    for (const { view, feature } of service.features) features.add(`${view.name}.${feature.name}`);
  for (const view of views.values()) {
    if (view.kind === "feature_view") {
      sources.add(view.source.name);
      for (const { name } of view.entities) entities.add(name);
      continue;
    }
    const used = new Set(view.features.flatMap(({ expression }) => [...columnsUsed(expression)]));
    for (const input of view.inputs)
      for (const { name } of input.features) if (used.has(name)) features.add(`${input.name}.${name}`);
  }
  return { features, sources, entities };
}
