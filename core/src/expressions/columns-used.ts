import type { TypedAggregate, TypedExpression } from "./typed-tree.js";

/** The names of the columns that an expression or an aggregate reads. */
export function columnsUsed(tree: TypedExpression | TypedAggregate): ReadonlySet<string> {
  const names = new Set<string>();
  if ("function" in tree) {
    if (tree.operand !== undefined) collect(tree.operand, names);
  } else collect(tree, names);
  return names;
}

function collect(tree: TypedExpression, names: Set<string>): void {
  if (tree.node === "column") names.add(tree.name);
  for (const child of children(tree)) collect(child, names);
}

function children(tree: TypedExpression): readonly TypedExpression[] {
  switch (tree.node) {
    case "literal":
    case "column":
      return [];
    case "cast":
      return [tree.operand];
    case "call":
      return tree.arguments;
    case "case":
      return [
        ...tree.branches.flatMap(({ when, then }) => [when, then]),
        ...(tree.otherwise === undefined ? [] : [tree.otherwise]),
      ];
  }
}
