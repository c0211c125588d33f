import { columnsUsed } from "../../expressions/columns-used.js";
import type { ServiceFeature } from "../bound-project.js";
import type { Findings } from "./context.js";

const tag = "pii";

/** Personal features, and what is computed from them on demand, in models that are not tagged for them. */
export function piiFindings({ project, report, documentOf }: Findings): void {
  for (const model of project.models.values()) {
    if (model.tags.includes(tag)) continue;
    const at = documentOf("model", model.name);
    const personal = model.service.features.filter(isPersonal).map(({ view, name }) => `${view.name}.${name}`);
    if (at === undefined || personal.length === 0) continue;
    const tagged = `tags: [${[...model.tags, tag].join(", ")}]`;
    const message = `${personal.join(", ")} ${personal.length === 1 ? "is" : "are"} personal and ${personal.length === 1 ? "reaches" : "reach"} ${model.name} by the service ${model.service.name}. Tag the model \`pii\`, or leave ${personal.length === 1 ? "it" : "them"} out of the service.`;
    if (model.tags.length === 0) report.problem(at, ["name"], "pii-without-tag", message, { lineBefore: "name", line: tagged });
    else report.problem(at, ["tags"], "pii-without-tag", message, tagged.slice("tags: ".length));
  }
}

function isPersonal({ view, feature }: ServiceFeature): boolean {
  if (feature.pii || view.kind === "feature_view" || feature.kind !== "row") return feature.pii;
  const used = columnsUsed(feature.expression);
  return view.inputs.some((input) => input.features.some((one) => one.pii && used.has(one.name)));
}
