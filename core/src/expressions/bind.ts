import type { ExpressionProblem } from "../diagnostic.js";
import { didYouMean, nearestName } from "../values/nearest-name.js";
import { printValueType, sameType } from "../values/value-type-text.js";
import type { Column, ValueType } from "../values/value-type.js";
import type { Aggregate } from "./aggregate.js";
import { aggregates } from "./aggregates.js";
import { castValue } from "./cast-in-javascript.js";
import { operations } from "./catalogue.js";
import { commonType } from "./common-type.js";
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
  const tree = typeSyntax(syntax, columns, problems);
  return tree === undefined ? { problems } : { tree, problems };
}

/** Parses and types one aggregate call over columns of the source row. Never throws. */
export function bindAggregate(
  text: string,
  columns: readonly Column[],
): { aggregate?: TypedAggregate; problems: ExpressionProblem[] } {
  const { syntax, problems } = parseExpression(text);
  const fail = (code: string, message: string, at: Syntax, suggestion?: string): { problems: ExpressionProblem[] } => {
    problems.push({ code, message, span: at.span, ...(suggestion === undefined ? {} : { suggestion }) });
    return { problems };
  };
  if (syntax.kind === "error") return { problems };
  if (syntax.kind !== "call" || operations.get(syntax.operation)?.operator === true)
    return fail(
      "not-an-aggregate",
      `An aggregate such as avg(x) or count(*) was expected. For a value of one row use \`expression\`.`,
      syntax,
    );
  const aggregate = aggregates.get(syntax.operation);
  if (aggregate === undefined) {
    const names = [...aggregates.keys()];
    const { nameSpan: span, operation } = syntax;
    return fail(
      "unknown-aggregate",
      `There is no aggregate ${operation}.${didYouMean(operation, names)} Aggregates: ${names.join(", ")}.`,
      { ...syntax, span },
      nearestName(operation, names),
    );
  }
  const [operandSyntax, parameterSyntax, ...more] = syntax.arguments;
  if (operandSyntax === undefined || more.length > 0 || (parameterSyntax === undefined) !== (aggregate.parameter === undefined))
    return fail("wrong-arguments", `It is written ${aggregate.signature}.`, syntax);
  if (operandSyntax.kind === "star") {
    if (aggregate.name !== "count")
      return fail("wrong-arguments", `Only count takes *; it is written ${aggregate.signature}.`, operandSyntax);
    return problems.length > 0
      ? { problems }
      : { aggregate: { function: "count", type: { kind: "int64" }, span: syntax.span }, problems };
  }
  const parameter = parameterSyntax === undefined ? undefined : parameterOf(parameterSyntax, aggregate);
  if (typeof parameter === "string" && parameterSyntax !== undefined) fail("wrong-arguments", parameter, parameterSyntax);
  const operand = typeSyntax(operandSyntax, columns, problems);
  if (operand === undefined) return { problems };
  const type = aggregate.resolve(operand.type);
  if (typeof type === "string") return fail("wrong-type", `${aggregate.name} ${type}.`, operandSyntax);
  const bound = { function: aggregate.name, type, operand, span: syntax.span };
  return { aggregate: typeof parameter === "number" ? { ...bound, parameter } : bound, problems };
}

/** The n, k or p of a call, or what is wrong with it. */
function parameterOf(syntax: Syntax, { parameter }: Aggregate): number | string {
  const value = syntax.kind === "literal" ? syntax.value : undefined;
  const number = typeof value === "bigint" || typeof value === "number" ? Number(value) : NaN;
  if (parameter === "share") return number >= 0 && number <= 1 ? number : "A share from 0 to 1 was expected here.";
  return typeof value === "bigint" && number >= 1 && number <= 10_000
    ? number
    : "A whole number from 1 to 10000 was expected here.";
}

/** Types what was parsed; undefined when there are problems, those that `problems` already held among them. */
function typeSyntax(syntax: Syntax, columns: readonly Column[], problems: ExpressionProblem[]): TypedExpression | undefined {
  const tree = typed(syntax, { columns: new Map(columns.map(({ name, type }) => [name, type])), problems });
  problems.sort((a, b) => a.span.start - b.span.start);
  return problems.length === 0 ? tree : undefined;
}

interface Scope {
  readonly columns: ReadonlyMap<string, ValueType>;
  readonly problems: ExpressionProblem[];
}

/** After a problem a null of the null type stands in, so that one mistake is told once and the rest is still checked. */
function typed(syntax: Syntax, scope: Scope): TypedExpression {
  const { span } = syntax;
  const problem: Report = (code, message, at = span, suggestion) => {
    scope.problems.push({ code, message, span: at, ...(suggestion === undefined ? {} : { suggestion }) });
    return { node: "literal", type: null_, value: null, span };
  };
  switch (syntax.kind) {
    case "literal":
      return { node: "literal", type: syntax.type, value: syntax.value, span };
    case "error":
      return { node: "literal", type: null_, value: null, span };
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
      return { ...convert(operand, syntax.type), span };
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
  // Without `else` the result is null as well: one meaning, one tree.
  const isNull = otherwise === undefined || (otherwise.node === "literal" && otherwise.value === null);
  return isNull ? node : { ...node, otherwise: convert(otherwise, type) };
}

function typedCall(syntax: Extract<Syntax, { kind: "call" }>, scope: Scope, problem: Report): TypedExpression {
  const operands = syntax.arguments.map((argument) => typed(argument, scope));
  const operation = operations.get(syntax.operation);
  if (operation === undefined) return unknownFunction(syntax, problem);
  if (scope.problems.length > 0 && operands.some((operand) => operand.type.kind === "null"))
    return { node: "literal", type: null_, value: null, span: syntax.span };

  const { choice } = operation;
  const chosen = choice === undefined ? undefined : operands[choice.index];
  if (choice !== undefined && chosen !== undefined) {
    const text = chosen.node === "literal" && typeof chosen.value === "string" ? chosen.value : undefined;
    const found = choice.values.find((value) => value.toLowerCase() === text?.toLowerCase());
    if (found === undefined)
      return problem(
        "wrong-arguments",
        `The ${choice.what} of ${operation.name} is one of ${choice.list}.${text === undefined ? "" : didYouMean(text, choice.values)}`,
        chosen.span,
        text === undefined ? undefined : quoted(nearestName(text, choice.values), operation.name),
      );
    operands[choice.index] = { node: "literal", type: { kind: "string" }, value: found, span: chosen.span };
  }
  const resolution = operation.resolve(
    operands.map(({ type }) => type),
    operands.map((operand) => (operand.node === "literal" && typeof operand.value === "string" ? operand.value : undefined)),
  );
  if (typeof resolution === "string")
    return problem("wrong-type", `${operation.operator === true ? `\`${operation.signature}\`` : operation.name} ${resolution}.`);
  return {
    node: "call",
    type: resolution.type,
    operation: operation.name,
    arguments: operands.map((operand, index) => convert(operand, resolution.operands[index] ?? operand.type)),
    span: syntax.span,
  };
}

/** A suggestion replaces its place: extract's unit is a bare word, others are texts. */
function quoted(name: string | undefined, operation: string): string | undefined {
  return name === undefined || operation === "extract" ? name : `'${name}'`;
}

function unknownFunction(syntax: Extract<Syntax, { kind: "call" }>, problem: Report): TypedExpression {
  if (aggregates.has(syntax.operation))
    return problem(
      "unexpected-aggregate",
      `${syntax.operation} is an aggregate: it stands alone, under \`aggregate\`, with a \`window\`.`,
      syntax.nameSpan,
    );
  const names = [...operations.values()].filter(({ operator }) => operator !== true).map(({ name }) => name);
  return problem(
    "unknown-function",
    `There is no function ${syntax.operation}.${didYouMean(syntax.operation, names)}`,
    syntax.nameSpan,
    nearestName(syntax.operation, names),
  );
}

/**
 * The same value in another type; the conversion is a node of the tree, so that every back-end does the same. A
 * literal is converted at once: `delay / 2` and `delay / 2.0` are one tree.
 */
export function convert(operand: TypedExpression, type: ValueType): TypedExpression {
  if (sameType(operand.type, type)) return operand;
  if (operand.node === "literal") return { ...operand, type, value: castValue(operand.value, operand.type, type) };
  return { node: "cast", type, operand, span: operand.span };
}

function canCast(from: ValueType, to: ValueType): boolean {
  const [a, b] = [from.kind, to.kind];
  if (from.kind === "list" && to.kind === "list") return canCast(from.element, to.element);
  if (a === "null" || (a === b && a !== "list")) return true;
  if (["list", "bytes", "interval"].includes(a) || b === "list" || b === "bytes") return false;
  if (b === "string" || a === "string") return true;
  const isTime = (kind: string): boolean => kind === "timestamp" || kind === "date";
  return isTime(a) === isTime(b);
}
