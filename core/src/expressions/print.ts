import { toJsonValue } from "../values/json-value.js";
import { printValueType } from "../values/value-type-text.js";
import type { TypedAggregate, TypedExpression } from "./typed-tree.js";

/** One canonical text per meaning: what differs only in spacing, case of keywords or parentheses prints the same. */
export function printExpression(tree: TypedExpression): string {
  switch (tree.node) {
    case "literal":
      return `${printValueType(tree.type)} ${Object.is(tree.value, -0) ? "-0" : JSON.stringify(toJsonValue(tree.value, tree.type))}`;
    case "column":
      return JSON.stringify(tree.name);
    case "cast":
      return `cast(${printExpression(tree.operand)} as ${printValueType(tree.type)})`;
    case "call":
      return `${tree.operation}(${operandsOf(tree).map(printExpression).join(", ")})`;
    case "case": {
      const branches = tree.branches.map(({ when, then }) => `when ${printExpression(when)} then ${printExpression(then)}`);
      return `case ${branches.join(" ")}${tree.otherwise === undefined ? "" : ` else ${printExpression(tree.otherwise)}`} end`;
    }
  }
}

/** In `a and (b and c)` the parentheses say nothing: operands of the same associative operator are one row. */
const associative = new Set(["and", "or", "concat_operator"]);

function operandsOf(call: Extract<TypedExpression, { node: "call" }>): readonly TypedExpression[] {
  if (!associative.has(call.operation)) return call.arguments;
  return call.arguments.flatMap((operand) =>
    operand.node === "call" && operand.operation === call.operation ? operandsOf(operand) : [operand],
  );
}

export function printAggregate({ function: name, operand, parameter }: TypedAggregate): string {
  return `${name}(${operand === undefined ? "*" : printExpression(operand)}${parameter === undefined ? "" : `, ${parameter}`})`;
}
