import { kindSchemas, type Kind } from "../definitions/schemas.js";
import type { YamlPath } from "../definitions/source-map.js";

/** The parts of a JSON Schema that completion and hover look at. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The schema of the value at a path of a document; of alternatives, the first that has the path. */
export function schemaAt(kind: Kind, path: YamlPath): Schema | undefined {
  // TypeBox schemas are JSON Schema.
  return walk(kindSchemas[kind] as Schema, path);
}

function walk(schema: Schema, [step, ...rest]: YamlPath): Schema | undefined {
  if (step === undefined) return schema;
  for (const one of schema.anyOf ?? [schema]) {
    const next =
      typeof step === "number"
        ? one.items
        : (one.properties?.[step] ?? (one.patternProperties === undefined ? undefined : Object.values(one.patternProperties)[0]));
    const found = next === undefined ? undefined : walk(next, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}
