import { arithmeticOperations } from "./operations/arithmetic.js";
import { comparisonOperations } from "./operations/comparison.js";
import { listOperations } from "./operations/lists.js";
import { logicOperations } from "./operations/logic.js";
import { mathematicsOperations } from "./operations/mathematics.js";
import { textOperations } from "./operations/text.js";
import { timeOperations } from "./operations/time.js";
import type { Operation } from "./operation.js";

/** The operations by theme, in the order of the documentation. */
export const themes: readonly { readonly title: string; readonly operations: readonly Operation[] }[] = [
  { title: "Arithmetic", operations: arithmeticOperations },
  { title: "Mathematics", operations: mathematicsOperations },
  { title: "Comparison", operations: comparisonOperations },
  { title: "Logic and null", operations: logicOperations },
  { title: "Text", operations: textOperations },
  { title: "Time", operations: timeOperations },
  { title: "Lists", operations: listOperations },
];

/** Every operator and function, by name. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  themes.flatMap((theme) => theme.operations).map((operation) => [operation.name, operation]),
);

/** The operation of a call in a typed tree. */
export function operationOf(name: string): Operation {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`the catalogue has no operation ${name}`);
  return operation;
}
