import { kindSchemas, projectSchema } from "./schemas.js";

/** JSON Schema of a definition file's documents, or of `skewproof.yaml`, for editors. */
export function definitionJsonSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Skewproof definition",
    anyOf: Object.values(kindSchemas),
  };
}

export function projectJsonSchema(): object {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title: "Skewproof project", ...projectSchema };
}
