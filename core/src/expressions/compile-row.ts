import type { Value } from "../values/value.js";
import { generateRow } from "./generate-row.js";
import { closure, featureValue } from "./to-javascript.js";
import type { TypedExpression } from "./typed-tree.js";

/** Computes features from a row of values by position into another; no row is kept, and no input makes it throw. */
export type ComputeRow = (input: readonly Value[], output: Value[]) => void;

/**
 * One function for a whole set of expressions, such as a service's on-demand features. `columns` names the positions of
 * the input; a column that is not among them is null. Output i is expression i's value as it leaves the expression: NaN
 * and infinities are null. Code is generated unless `generate` is false; where that is forbidden (a strict content
 * security policy) closures compute the same.
 */
export function compileRow(
  expressions: readonly TypedExpression[],
  columns: readonly string[],
  { generate = true }: { readonly generate?: boolean } = {},
): ComputeRow {
  return (generate ? generated(expressions, columns) : undefined) ?? closures(expressions, columns);
}

function generated(expressions: readonly TypedExpression[], columns: readonly string[]): ComputeRow | undefined {
  const { code, constants } = generateRow(expressions, columns);
  try {
    // The code holds no text of a user's: see generateRow.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const make = new Function("k", code) as (constants: readonly unknown[]) => ComputeRow;
    return make(constants);
  } catch {
    return undefined;
  }
}

function closures(expressions: readonly TypedExpression[], columns: readonly string[]): ComputeRow {
  const positions = new Map(columns.map((name, index) => [name, index]));
  const evaluates = expressions.map((expression) =>
    closure(expression, (name) => {
      const position = positions.get(name);
      return (row: readonly Value[]) => (position === undefined ? null : (row[position] ?? null));
    }),
  );
  return (input, output) => {
    for (const [index, evaluate] of evaluates.entries()) output[index] = featureValue(evaluate(input));
  };
}
