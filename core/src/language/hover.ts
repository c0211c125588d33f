import type { BoundProject } from "../registry/bound-project.js";
import { describeReference } from "../registry/describe-reference.js";
import { printValueType } from "../values/value-type-text.js";
import type { Lens } from "./lenses.js";
import { schemaAt } from "./schema-at.js";
import type { Target } from "./target.js";

/** What hovering over a target says, in Markdown; undefined where there is nothing to add. `lensOf` gives a feature's facts. */
export function hover(
  project: BoundProject,
  target: Target,
  lensOf: (view: string, feature: string) => Lens | undefined,
): string | undefined {
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
      return project.views.has(target.name) ? code(describeReference(project, target.name).text) : undefined;
    case "service":
      return project.services.has(target.name) ? code(describeReference(project, target.name).text) : undefined;
    case "model":
      return project.models.has(target.name) ? code(describeReference(project, target.name).text) : undefined;
    case "feature": {
      const known = project.views.get(target.view)?.features.some(({ name }) => name === target.name);
      if (known !== true) return undefined;
      const lens = lensOf(target.view, target.name);
      return [code(describeReference(project, `${target.view}.${target.name}`).text), lens?.title].filter(Boolean).join("\n\n");
    }
  }
}

const code = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;
