import type { ExpressionProblem, Span } from "../diagnostic.js";
import { didYouMean, nearestName } from "../values/nearest-name.js";
import { parseValueType } from "../values/value-type-text.js";
import { describe, expect, join, keywords, peek, report, skipTo, take, word, type Cursor } from "./cursor.js";
import { durationLiteral, intervalLiteral, numberLiteral, typedText, type Literal } from "./parse-literal.js";
import type { Syntax } from "./syntax.js";
import { tokenize, type Token } from "./tokens.js";

/** Binding strength of the binary operators, weakest first; each maps to a name of the catalogue. */
const levels: readonly Readonly<Record<string, string>>[] = [
  { or: "or" },
  { and: "and" },
  {},
  { "=": "equal", "<>": "not_equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal" },
  { "||": "concat_operator" },
  { "+": "add", "-": "subtract" },
  { "*": "multiply", "/": "divide", "//": "integer_divide", "%": "modulo" },
];
const notLevel = 2;
const comparisonLevel = 3;
const binary = new Map(
  levels.flatMap((operators, level) => Object.entries(operators).map(([sign, name]) => [sign, { name, level }] as const)),
);

const predicates = ["is", "in", "between", "like"];
/** With what the back-ends put around each level, DuckDB's own limit of 1,000 is not reached. */
const deepest = 100;
const largest = 20_000;

/** Parses one expression; all that is wrong with it is told. Never throws; what makes no sense is an `error` in the tree. */
export function parseExpression(text: string): { syntax: Syntax; problems: ExpressionProblem[] } {
  const { tokens, problems } = tokenize(text);
  const cursor: Cursor = { tokens, problems, at: 0, depth: 0, reported: -1 };
  const syntax = expression(cursor, 0);
  while (peek(cursor).kind !== "end") {
    const token = peek(cursor);
    const meant = token.kind === "name" ? nearestName(token.text, ["and", "or", "not", ...predicates]) : undefined;
    report(cursor, {
      code: "unexpected-token",
      message: `${describe(token)} was not expected here: the expression is complete before it.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
      span: token.span,
      ...(meant === undefined ? {} : { suggestion: meant }),
    });
    cursor.at++;
    // What follows is read for its own problems; that it has a beginning is not asked for.
    cursor.reported = cursor.at;
    if (peek(cursor).kind !== "end") expression(cursor, 0);
  }
  problems.sort((a, b) => a.span.start - b.span.start);
  const size = measure(syntax);
  if (size !== undefined && problems.length === 0) problems.push({ ...size, span: syntax.span });
  return { syntax: size === undefined ? syntax : { kind: "error", span: syntax.span }, problems };
}

/** Whether a tree is too deep or too large for engines, found without recursion. A shared part counts wherever it stands. */
function measure(root: Syntax): { code: string; message: string } | undefined {
  const open: { syntax: Syntax; height: number }[] = [{ syntax: root, height: 1 }];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.height > deepest)
      return { code: "too-deep", message: `This expression is nested more than ${deepest} levels deep; split it.` };
    if (++seen > largest) return { code: "too-large", message: `This expression has more than ${largest} parts; split it.` };
    const height = next.height + 1;
    for (const child of children(next.syntax)) open.push({ syntax: child, height });
  }
  return undefined;
}

function children(syntax: Syntax): readonly Syntax[] {
  if (syntax.kind === "call") return syntax.arguments;
  if (syntax.kind === "cast") return [syntax.operand];
  if (syntax.kind !== "case") return [];
  return [
    ...syntax.branches.flatMap(({ when, then }) => [when, then]),
    ...(syntax.otherwise === undefined ? [] : [syntax.otherwise]),
  ];
}

/** An expression of operators that bind at least as strongly as `level`. */
function expression(cursor: Cursor, level: number): Syntax {
  if (cursor.depth >= deepest) {
    const { span } = peek(cursor);
    const error = report(cursor, {
      code: "too-deep",
      message: `This expression is nested more than ${deepest} levels deep; split it.`,
      span,
    });
    // Nothing further is read: every word of it would be a problem.
    cursor.at = cursor.tokens.length - 1;
    cursor.reported = cursor.at;
    return error;
  }
  cursor.depth++;
  let left = level <= notLevel && word(cursor) === "not" ? negation(cursor) : unary(cursor);
  for (;;) {
    const token = peek(cursor);
    const operator = binary.get(word(cursor));
    if (operator !== undefined && operator.level >= level) {
      cursor.at++;
      left = call(operator.name, [left, expression(cursor, operator.level + 1)], token.span);
      continue;
    }
    const predicate = level <= comparisonLevel ? predicateOf(cursor, left) : undefined;
    if (predicate === undefined) break;
    left = predicate;
  }
  cursor.depth--;
  return left;
}

function negation(cursor: Cursor): Syntax {
  const token = peek(cursor);
  cursor.at++;
  const operand = expression(cursor, notLevel);
  return { ...call("not", [operand], token.span), span: join(token.span, operand.span) };
}

/** `is [not] null`, `[not] in (…)`, `[not] between … and …`, `[not] like …`. */
function predicateOf(cursor: Cursor, left: Syntax): Syntax | undefined {
  const token = peek(cursor);
  if (take(cursor, "is")) {
    const negated = take(cursor, "not");
    const end = expect(cursor, "null");
    return { ...call(negated ? "is_not_null" : "is_null", [left], token.span), span: join(left.span, end.span) };
  }
  const negated = word(cursor) === "not" && predicates.includes(word(cursor, 1));
  if (negated) cursor.at++;
  const positive = positivePredicate(cursor, left);
  return negated && positive !== undefined ? { ...call("not", [positive], token.span), span: positive.span } : positive;
}

function positivePredicate(cursor: Cursor, left: Syntax): Syntax | undefined {
  const token = peek(cursor);
  if (take(cursor, "in")) {
    const start = expect(cursor, "(");
    if (start.text !== "(") return { kind: "error", span: start.span };
    const { items, end } = list(cursor, ")");
    return { ...call("in", [left, ...items], token.span), span: join(left.span, end) };
  }
  if (take(cursor, "between")) {
    const low = expression(cursor, comparisonLevel + 1);
    expect(cursor, "and");
    return call("between", [left, low, expression(cursor, comparisonLevel + 1)], token.span);
  }
  return take(cursor, "like") ? call("like", [left, expression(cursor, comparisonLevel + 1)], token.span) : undefined;
}

/** Signs, innermost last; a sign before a number belongs to the number. */
function unary(cursor: Cursor): Syntax {
  const signs: Token[] = [];
  while (word(cursor) === "-" || word(cursor) === "+") {
    if (word(cursor) === "-") signs.push(peek(cursor));
    cursor.at++;
  }
  const token = peek(cursor);
  const sign = token.kind === "number" ? signs.pop() : undefined;
  if (sign !== undefined) cursor.at++;
  let operand =
    sign === undefined ? primary(cursor) : literal(cursor, numberLiteral(`-${token.text}`), join(sign.span, token.span));
  for (const { span } of signs.reverse())
    operand = opposite(operand, join(span, operand.span)) ?? {
      ...call("negate", [operand], span),
      span: join(span, operand.span),
    };
  return operand;
}

/** `-(5)` is the number -5, as `-5` is. */
function opposite(operand: Syntax, span: Span): Syntax | undefined {
  if (operand.kind !== "literal") return undefined;
  if (operand.type.kind === "float64" && typeof operand.value === "number") return { ...operand, value: -operand.value, span };
  return operand.type.kind === "int64" && typeof operand.value === "bigint" && operand.value !== -(2n ** 63n)
    ? { ...operand, value: -operand.value, span }
    : undefined;
}

function primary(cursor: Cursor): Syntax {
  const token = peek(cursor);
  const at = cursor.at++;
  switch (token.kind) {
    case "number":
      return literal(cursor, numberLiteral(token.text), token.span);
    case "duration":
      return literal(cursor, durationLiteral(token.text), token.span);
    case "string":
      return { kind: "literal", type: { kind: "string" }, value: token.text, span: token.span };
    case "quoted-name":
      return { kind: "name", name: token.text, span: token.span };
    case "name":
      if (keywords.has(token.text.toLowerCase()) && token.text.toLowerCase() !== "case") break;
      return named(cursor, token);
    case "symbol":
      if (token.text === "(") return parenthesised(cursor, token);
      if (token.text === "[") return listLiteral(cursor, token);
      break;
    case "end":
  }
  // An operator or a closing word may go on from here; anything else is left behind.
  const goesOn = token.kind === "end" || token.kind === "name" || binary.has(token.text) || [",", ")", "]"].includes(token.text);
  if (goesOn) cursor.at = at;
  const hint = token.kind === "name" ? ` A column of that name is written "${token.text}".` : "";
  return report(
    cursor,
    {
      code: "expected-expression",
      message: `A value, a column or a function was expected here, not ${describe(token)}.${hint}`,
      span: token.span,
    },
    at,
  );
}

function parenthesised(cursor: Cursor, open: Token): Syntax {
  const inner = expression(cursor, 0);
  return { ...inner, span: join(open.span, close(cursor, ")")) };
}

/** The closing sign; where it is missing, what stands before the next one is passed over. */
function close(cursor: Cursor, sign: string): Span {
  const token = expect(cursor, sign);
  if (token.text !== sign) {
    skipTo(cursor, sign);
    take(cursor, sign);
  }
  return token.span;
}

/** Items up to a closing sign, of which there may be none for a `[`. */
function list(cursor: Cursor, sign: string): { items: Syntax[]; end: Span } {
  const items = [expression(cursor, 0)];
  for (;;) {
    if (take(cursor, ",")) {
      items.push(expression(cursor, 0));
      continue;
    }
    if (word(cursor) === sign || peek(cursor).kind === "end") return { items, end: close(cursor, sign) };
    expect(cursor, ",", sign);
    skipTo(cursor, ",", sign);
  }
}

function listLiteral(cursor: Cursor, open: Token): Syntax {
  if (take(cursor, "]")) return { ...call("list", [], open.span), span: join(open.span, peek(cursor, -1).span) };
  const { items, end } = list(cursor, "]");
  return { ...call("list", items, open.span), span: join(open.span, end) };
}

function named(cursor: Cursor, token: Token): Syntax {
  const name = token.text.toLowerCase();
  if (name === "true" || name === "false")
    return { kind: "literal", type: { kind: "bool" }, value: name === "true", span: token.span };
  if (name === "null") return { kind: "literal", type: { kind: "null" }, value: null, span: token.span };
  if (name === "case") return caseOf(cursor, token);
  const next = peek(cursor);
  if (next.kind === "string" && ["timestamp", "date", "decimal"].includes(name)) {
    cursor.at++;
    return literal(cursor, typedText(name, next.text), join(token.span, next.span));
  }
  if (name === "interval" && (next.kind === "number" || next.kind === "string" || next.text === "-"))
    return interval(cursor, token);
  return take(cursor, "(") ? callOf(cursor, token, name) : { kind: "name", name: token.text, span: token.span };
}

/** `interval 7 day`, `interval '7' day`, `interval '7 days'`. */
function interval(cursor: Cursor, first: Token): Syntax {
  const sign = take(cursor, "-") ? "-" : "";
  const amount = peek(cursor);
  cursor.at++;
  const [count = "", given] = amount.text.trim().split(/\s+/);
  let unit = given;
  let end = amount.span;
  if (unit === undefined && peek(cursor).kind === "name") {
    ({ text: unit, span: end } = peek(cursor));
    cursor.at++;
  }
  return literal(cursor, intervalLiteral(`${sign}${count}`, unit ?? ""), join(first.span, end));
}

function literal(cursor: Cursor, found: Literal, span: Span): Syntax {
  return "message" in found ? report(cursor, { ...found, span }, cursor.at - 1) : { kind: "literal", ...found, span };
}

function callOf(cursor: Cursor, name: Token, operation: string): Syntax {
  if (operation === "cast") return cast(cursor, name);
  const made = (operands: readonly Syntax[], end: Span): Syntax => ({
    kind: "call",
    operation,
    arguments: operands,
    span: join(name.span, end),
    nameSpan: name.span,
  });
  if (operation === "extract") {
    const unit = peek(cursor);
    if (unit.kind === "name" || unit.kind === "string") cursor.at++;
    expect(cursor, "from");
    const operand = expression(cursor, 0);
    const text = unit.text.toLowerCase();
    return made([{ kind: "literal", type: { kind: "string" }, value: text, span: unit.span }, operand], close(cursor, ")"));
  }
  if (take(cursor, ")")) return made([], peek(cursor, -1).span);
  if (word(cursor) === "*" && word(cursor, 1) === ")") {
    cursor.at += 2;
    return made([{ kind: "star", span: peek(cursor, -2).span }], peek(cursor, -1).span);
  }
  const { items, end } = list(cursor, ")");
  return made(items, end);
}

function cast(cursor: Cursor, name: Token): Syntax {
  const operand = expression(cursor, 0);
  if (word(cursor) !== "as") {
    expect(cursor, "as");
    return { kind: "error", span: join(name.span, close(cursor, ")")) };
  }
  cursor.at++;
  const [first, start] = [peek(cursor), cursor.at];
  skipTo(cursor, ")");
  const words = cursor.tokens.slice(start, cursor.at);
  const text = words.map((token) => token.text).join("");
  const type = text.length > 100 ? undefined : parseValueType(text.toLowerCase());
  const span = join(first.span, (words.at(-1) ?? first).span);
  const end = close(cursor, ")");
  if (type !== undefined && !/bytes/.test(text.toLowerCase())) return { kind: "cast", operand, type, span: join(name.span, end) };
  return report(
    cursor,
    {
      code: "unknown-type",
      message: `${text || "Nothing"} is not a type to cast to.${didYouMean(text, typeNames)} Types: ${typeNames.join(", ")}, decimal(p,s), list<T>.`,
      span,
      ...suggestion(nearestName(text, typeNames)),
    },
    start,
  );
}

const typeNames = ["bool", "int64", "float64", "string", "timestamp", "date"];
const suggestion = (text: string | undefined): { suggestion?: string } => (text === undefined ? {} : { suggestion: text });

function caseOf(cursor: Cursor, first: Token): Syntax {
  const branches: { when: Syntax; then: Syntax }[] = [];
  const subject = word(cursor) === "when" ? undefined : expression(cursor, 0);
  do {
    if (!take(cursor, "when")) expect(cursor, "when");
    const when = expression(cursor, 0);
    expect(cursor, "then");
    branches.push({
      when: subject === undefined ? when : call("equal", [subject, when], when.span),
      then: expression(cursor, 0),
    });
  } while (word(cursor) === "when");
  const otherwise = take(cursor, "else") ? expression(cursor, 0) : undefined;
  const span = join(first.span, expect(cursor, "end").span);
  return otherwise === undefined ? { kind: "case", branches, span } : { kind: "case", branches, otherwise, span };
}

function call(operation: string, operands: readonly Syntax[], nameSpan: Span): Syntax {
  const span = operands.reduce((all, operand) => join(all, operand.span), nameSpan);
  return { kind: "call", operation, arguments: operands, span, nameSpan };
}
