import type { Row, Value } from "../values/value.js";
import { castValue } from "./cast-in-javascript.js";
import { operationOf } from "./catalogue.js";
import type { TypedExpression } from "./typed-tree.js";

/** Computes one expression for a row of some form. */
export type Evaluate<R> = (row: R) => Value;

/** A function of closures over rows by name: no code is generated, no input makes it throw. A missing column is null. */
export function expressionToJavascript(tree: TypedExpression): Evaluate<Row> {
  return closure(tree, (name) => (row: Row) => row[name] ?? null);
}

/** The same for rows of any form; `column` reads one. */
export function closure<R>(tree: TypedExpression, column: (name: string) => Evaluate<R>): Evaluate<R> {
  switch (tree.node) {
    case "literal": {
      const { value } = tree;
      return () => value;
    }
    case "column":
      return column(tree.name);
    case "cast": {
      const { operand, type } = tree;
      const evaluate = closure(operand, column);
      return (row) => castValue(evaluate(row), operand.type, type);
    }
    case "case": {
      const branches = tree.branches.map(({ when, then }) => [closure(when, column), closure(then, column)] as const);
      const otherwise: Evaluate<R> = tree.otherwise === undefined ? () => null : closure(tree.otherwise, column);
      return (row) => {
        for (const [when, then] of branches) if (when(row) === true) return then(row);
        return otherwise(row);
      };
    }
    case "call":
      return callClosure(
        tree,
        tree.arguments.map((argument) => closure(argument, column)),
      );
  }
}

function callClosure<R>(call: Extract<TypedExpression, { node: "call" }>, operands: readonly Evaluate<R>[]): Evaluate<R> {
  const { javascript, nulls } = operationOf(call.operation);
  const kernel = javascript(call);
  const nothing: Evaluate<R> = () => null;
  const [a = nothing, b = nothing, c = nothing, ...more] = operands;
  if (nulls === "aware")
    return operands.length <= 3
      ? fixed(operands.length, kernel, [a, b, c])
      : (row) => kernel(a(row), b(row), c(row), ...more.map((operand) => operand(row)));
  if (operands.length === 1)
    return (row) => {
      const x = a(row);
      return x === null ? null : kernel(x, null, null);
    };
  if (operands.length === 2)
    return (row) => {
      const x = a(row);
      const y = x === null ? null : b(row);
      return x === null || y === null ? null : kernel(x, y, null);
    };
  return (row) => {
    const [x, y, z] = [a(row), b(row), c(row)];
    return x === null || y === null || z === null ? null : kernel(x, y, z);
  };
}

/** Variadic kernels are given no more operands than the call has. */
function fixed<R>(
  count: number,
  kernel: (...values: Value[]) => Value,
  [a, b, c]: readonly [Evaluate<R>, Evaluate<R>, Evaluate<R>],
): Evaluate<R> {
  if (count === 0) return () => kernel();
  if (count === 1) return (row) => kernel(a(row));
  return count === 2 ? (row) => kernel(a(row), b(row)) : (row) => kernel(a(row), b(row), c(row));
}

/** A value as it leaves an expression or comes from outside: NaN and infinities are null, also inside a list. */
export function featureValue(value: Value): Value {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return Array.isArray(value) && value.some((item: Value) => featureValue(item) !== item)
    ? value.map((item: Value) => featureValue(item))
    : value;
}
