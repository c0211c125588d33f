import { aggregates } from "./aggregates.js";
import { operations } from "./catalogue.js";

export interface FunctionDocumentation {
  readonly name: string;
  readonly signature: string;
  readonly documentation: string;
  readonly aggregate: boolean;
}

/** What hover and completion say of each function; operators are left out. */
export function functionDocumentation(): readonly FunctionDocumentation[] {
  const scalar = [...operations.values()].filter(({ operator }) => operator !== true);
  return [
    ...scalar.map((one) => ({ ...one, aggregate: false })),
    ...[...aggregates.values()].map((one) => ({ ...one, aggregate: true })),
  ].map(({ name, signature, documentation, example, aggregate }) => ({
    name,
    signature,
    documentation: `${documentation} Example: \`${example}\``,
    aggregate,
  }));
}
