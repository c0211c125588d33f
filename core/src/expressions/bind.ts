import type { ExpressionProblem } from "../diagnostic.js";
import { didYouMean, nearestName } from "../values/nearest-name.js";
import { printValueType, sameType } from "../values/value-type-text.js";
import type { Column, ValueType } from "../values/value-type.js";
import { aggregates } from "./aggregates.js";
import { commonType, operations, unitsOf } from "./catalogue.js";
import { parseExpression } from "./parse.js";
import type { Syntax } from "./syntax.js";
import type { TypedAggregate, TypedExpression } from "./typed-tree.js";

const null_: ValueType = { kind: "null" };

/** Parses and types one scalar expression over columns. Never throws; `tree` is absent when there are problems. */
export function bindExpression(
  text: string,
  columns: readonly Column[],
): { tree?: TypedExpression; problems: ExpressionProblem[] } {
  const { syntax, problems } = parseExpression(text);
  if (syntax === undefined) return { problems };
  const tree = typed(syntax, { columns: new Map(columns.map(({ name, type }) => [name, type])), problems });
  return problems.length === 0 ? { tree, problems } : { problems };
}

/** Parses and types one aggregate call over columns of the source row. Never throws. */
export function bindAggregate(
  text: string,
  columns: readonly Column[],
): { aggregate?: TypedAggregate; problems: ExpressionProblem[] } {
  const { syntax, problems } = parseExpression(text);
  if (syntax === undefined) return { problems };
  const fail = (code: string, message: string, at: Syntax, suggestion?: string): { problems: ExpressionProblem[] } => {
    problems.push({ code, message, span: at.span, ...(suggestion === undefined ? {} : { suggestion }) });
    return { problems };
  };
  const names = [...aggregates.keys()];
  if (syntax.kind !== "call" || operations.get(syntax.operation)?.operator === true)
    return fail(
      "not-an-aggregate",
      `An aggregate such as avg(x) or count(*) was expected. For a value of one row use \`expression\`.`,
      syntax,
    );
  const aggregate = aggregates.get(syntax.operation);
  if (aggregate === undefined)
    return fail(
      "unknown-aggregate",
      `There is no aggregate ${syntax.operation}.${didYouMean(syntax.operation, names)} Aggregates: ${names.join(", ")}.`,
      syntax,
    );

  const [operandSyntax, parameterSyntax, ...more] = syntax.arguments;
  if (operandSyntax === undefined || more.length > 0 || (parameterSyntax !== undefined) !== aggregate.parameter)
    return fail("wrong-arguments", `It is written ${aggregate.signature}.`, syntax);
  if (operandSyntax.kind === "star")
    return aggregate.name === "count"
      ? { aggregate: { function: "count", type: { kind: "int64" }, span: syntax.span }, problems }
      : fail("wrong-arguments", `Only count takes *; it is written ${aggregate.signature}.`, operandSyntax);
  let parameter: number | undefined;
  if (parameterSyntax !== undefined) {
    if (
      parameterSyntax.kind !== "literal" ||
      typeof parameterSyntax.value !== "bigint" ||
      parameterSyntax.value < 1n ||
      parameterSyntax.value > 10_000n
    )
      return fail("wrong-arguments", "A whole number from 1 to 10000 was expected here.", parameterSyntax);
    parameter = Number(parameterSyntax.value);
  }
  const operand = typed(operandSyntax, { columns: new Map(columns.map(({ name, type }) => [name, type])), problems });
  if (problems.length > 0) return { problems };
  const type = aggregate.resolve(operand.type);
  if (typeof type === "string") return fail("wrong-type", `${aggregate.name} ${type}.`, operandSyntax);
  const bound = { function: aggregate.name, type, operand, span: syntax.span };
  return { aggregate: parameter === undefined ? bound : { ...bound, parameter }, problems };
}

interface Scope {
  readonly columns: ReadonlyMap<string, ValueType>;
  readonly problems: ExpressionProblem[];
}

/** After a problem a null of the null type stands in, so that one mistake is told once and the rest is still checked. */
function typed(syntax: Syntax, scope: Scope): TypedExpression {
  const { span } = syntax;
  const problem = (code: string, message: string, at = span, suggestion?: string): TypedExpression => {
    scope.problems.push({ code, message, span: at, ...(suggestion === undefined ? {} : { suggestion }) });
    return { node: "literal", type: null_, value: null, span };
  };
  switch (syntax.kind) {
    case "literal":
      return { node: "literal", type: syntax.type, value: syntax.value, span };
    case "star":
      return problem("unexpected-token", "`*` stands only in count(*).");
    case "name": {
      const type = scope.columns.get(syntax.name);
      if (type !== undefined) return { node: "column", type, name: syntax.name, span };
      const names = [...scope.columns.keys()];
      const known =
        names.length === 0
          ? "No column is known here."
          : `Columns: ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}.`;
      return problem(
        "unknown-column",
        `There is no column ${syntax.name}.${didYouMean(syntax.name, names)} ${known}`,
        span,
        nearestName(syntax.name, names),
      );
    }
    case "cast": {
      const operand = typed(syntax.operand, scope);
      if (!canCast(operand.type, syntax.type))
        return problem("wrong-type", `${printValueType(operand.type)} cannot be cast to ${printValueType(syntax.type)}.`);
      return { node: "cast", type: syntax.type, operand, span };
    }
    case "case":
      return typedCase(syntax, scope, problem);
    case "call":
      return typedCall(syntax, scope, problem);
  }
}

type Report = (code: string, message: string, at?: Syntax["span"], suggestion?: string) => TypedExpression;

function typedCase(syntax: Extract<Syntax, { kind: "case" }>, scope: Scope, problem: Report): TypedExpression {
  const branches = syntax.branches.map(({ when, then }) => ({ when: typed(when, scope), then: typed(then, scope) }));
  const otherwise = syntax.otherwise === undefined ? undefined : typed(syntax.otherwise, scope);
  for (const { when } of branches)
    if (when.type.kind !== "bool" && when.type.kind !== "null")
      return problem("wrong-type", `A condition is bool, not ${printValueType(when.type)}.`, when.span);
  const results = [...branches.map(({ then }) => then), ...(otherwise === undefined ? [] : [otherwise])];
  let type: ValueType = null_;
  for (const result of results) {
    const common = commonType(type, result.type);
    if (common === undefined)
      return problem(
        "wrong-type",
        `The branches of a case need one type; here are ${printValueType(type)} and ${printValueType(result.type)}.`,
        result.span,
      );
    type = common;
  }
  const node = {
    node: "case" as const,
    type,
    branches: branches.map(({ when, then }) => ({ when: convert(when, { kind: "bool" }), then: convert(then, type) })),
    span: syntax.span,
  };
  return otherwise === undefined ? node : { ...node, otherwise: convert(otherwise, type) };
}

function typedCall(syntax: Extract<Syntax, { kind: "call" }>, scope: Scope, problem: Report): TypedExpression {
  const operation = operations.get(syntax.operation);
  if (operation === undefined) {
    if (aggregates.has(syntax.operation))
      return problem(
        "unexpected-aggregate",
        `${syntax.operation} is an aggregate: it stands alone, under \`aggregate\`, with a \`window\`.`,
        syntax.nameSpan,
      );
    const names = [...operations.values()].filter(({ operator }) => !operator).map(({ name }) => name);
    return problem(
      "unknown-function",
      `There is no function ${syntax.operation}.${didYouMean(syntax.operation, names)}`,
      syntax.nameSpan,
      nearestName(syntax.operation, names),
    );
  }
  const operands = syntax.arguments.map((argument) => typed(argument, scope));
  if (scope.problems.length > 0 && operands.some((operand) => operand.type.kind === "null"))
    return { node: "literal", type: null_, value: null, span: syntax.span };
  const resolution = operation.resolve(operands.map(({ type }) => type));
  if (typeof resolution === "string")
    return problem("wrong-type", `${operation.operator ? `\`${operation.signature}\`` : operation.name} ${resolution}.`);
  const units = unitsOf[operation.name];
  const [unit] = operands;
  if (units !== undefined && (unit?.node !== "literal" || typeof unit.value !== "string" || !units.includes(unit.value)))
    return problem(
      "wrong-arguments",
      `The unit of ${operation.name} is one of ${units.join(", ")}.`,
      unit?.span,
      unit?.node === "literal" && typeof unit.value === "string" ? nearestName(unit.value, units) : undefined,
    );
  const isEpoch = operation.name === "extract" && unit?.node === "literal" && unit.value === "epoch";
  return {
    node: "call",
    type: isEpoch ? { kind: "float64" } : resolution.type,
    operation: operation.name,
    arguments: operands.map((operand, index) => convert(operand, resolution.operands[index] ?? operand.type)),
    span: syntax.span,
  };
}

/** The same value in another type; the conversion is a node of the tree, so that every back-end does the same. */
export function convert(operand: TypedExpression, type: ValueType): TypedExpression {
  if (sameType(operand.type, type)) return operand;
  if (operand.node === "literal" && operand.value === null) return { ...operand, type };
  return { node: "cast", type, operand, span: operand.span };
}

function canCast(from: ValueType, to: ValueType): boolean {
  const [a, b] = [from.kind, to.kind];
  if (a === "null" || a === b) return true;
  if (a === "list" || a === "bytes" || a === "interval") return false;
  if (b === "string" || a === "string") return true;
  if (a === "timestamp" || a === "date" || b === "timestamp" || b === "date")
    return (a === "timestamp" || a === "date") && (b === "timestamp" || b === "date");
  if (a === "float64" && b === "decimal") return false;
  return !(a === "decimal" && b === "bool") && !(a === "bool" && b === "decimal");
}
