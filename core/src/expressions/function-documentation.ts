import { aggregates } from "./aggregates.js";
import { operations } from "./catalogue.js";

export interface FunctionDocumentation {
  readonly name: string;
  readonly signature: string;
  readonly documentation: string;
  readonly aggregate: boolean;
}

/** What hover, completion and the documentation page say of each function; operators are left out. */
export function functionDocumentation(): readonly FunctionDocumentation[] {
  const scalar = [...operations.values()].filter(({ operator }) => !operator);
  return [
    ...scalar.map(({ name, signature, documentation, example }) => ({
      name,
      signature,
      documentation: `${documentation} Example: \`${example}\``,
      aggregate: false,
    })),
    ...[...aggregates.values()].map(({ name, signature, documentation }) => ({
      name,
      signature,
      documentation,
      aggregate: true,
    })),
  ];
}
