import type { BoundProject } from "../registry/bound-project.js";
import { describeReference } from "../registry/describe-reference.js";
import { printValueType } from "../values/value-type-text.js";
import type { DistributionOf } from "../views/view.js";
import { definitionOf } from "./definition.js";
import { featureLens } from "./lenses.js";
import { schemaAt } from "./schema-at.js";
import type { Target } from "./target.js";

/** What hovering over a target says, in Markdown; undefined where there is nothing to add. A feature's facts are those of its lens. */
export function hover(project: BoundProject, target: Target, distributionOf: DistributionOf): string | undefined {
  switch (target.kind) {
    case "key": {
      const { kind, path } = target.place;
      const description = kind === undefined ? undefined : schemaAt(kind, path)?.description;
      return description === undefined ? undefined : `\`${String(path.at(-1))}\`: ${description}`;
    }
    case "function":
      return `${code(target.function.signature)}\n${target.function.documentation}`;
    case "column": {
      const { name, type, from } = target.column;
      return `${code(`${name}: ${type}`)}\n${from}`;
    }
    case "entity": {
      const entity = project.entities.get(target.name);
      return (
        entity &&
        `${code(`entity ${entity.name}`)}\nkeys ${entity.keys.map(({ name, type }) => `\`${name}\` ${printValueType(type)}`).join(", ")}`
      );
    }
    case "source": {
      const source = project.sources.get(target.name);
      if (source === undefined) return undefined;
      const where = source.location.kind === "path" ? source.location.path : source.location.kind;
      const moments = [
        source.eventTime && `event time \`${source.eventTime}\``,
        source.knownAt && `known at \`${source.knownAt}\``,
      ].filter(Boolean);
      const columns = source.columns?.map(({ name, type }) => `${name} ${printValueType(type)}`).join(", ");
      return [code(`source ${source.name}`), source.description, where, moments.join(", "), columns && `columns: ${columns}`]
        .filter((line) => line !== undefined && line !== "")
        .join("\n\n");
    }
    case "view":
    case "service":
    case "model":
      return definitionOf(project, target) && code(describeReference(project, `${target.kind} ${target.name}`).text);
    case "feature": {
      const view = project.views.get(target.view);
      const feature = view?.features.find(({ name }) => name === target.name);
      if (view === undefined || feature === undefined) return undefined;
      const { title } = featureLens(project, view, feature, distributionOf);
      return `${code(describeReference(project, `feature ${view.name}.${feature.name}`).text)}\n\n${title}`;
    }
  }
}

const code = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;
