import { toJsonValue } from "../values/json-value.js";
import { printValueType } from "../values/value-type-text.js";
import type { TypedAggregate, TypedExpression } from "./typed-tree.js";

/** One canonical text per meaning: what differs only in spacing, case of keywords or parentheses prints the same. */
export function printExpression(tree: TypedExpression): string {
  switch (tree.node) {
    case "literal":
      return `${printValueType(tree.type)} ${JSON.stringify(toJsonValue(tree.value, tree.type))}`;
    case "column":
      return JSON.stringify(tree.name);
    case "cast":
      return `cast(${printExpression(tree.operand)} as ${printValueType(tree.type)})`;
    case "call":
      return `${tree.operation}(${tree.arguments.map(printExpression).join(", ")})`;
    case "case": {
      const branches = tree.branches.map(({ when, then }) => `when ${printExpression(when)} then ${printExpression(then)}`);
      return `case ${branches.join(" ")}${tree.otherwise === undefined ? "" : ` else ${printExpression(tree.otherwise)}`} end`;
    }
  }
}

export function printAggregate({ function: name, operand, parameter }: TypedAggregate): string {
  return `${name}(${operand === undefined ? "*" : printExpression(operand)}${parameter === undefined ? "" : `, ${parameter}`})`;
}
