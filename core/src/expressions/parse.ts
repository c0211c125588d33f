import type { ExpressionProblem, Span } from "../diagnostic.js";
import { parseDuration } from "../values/duration.js";
import { isInt64, parseDecimal } from "../values/json-value.js";
import { parseDate, parseTimestamp } from "../values/timestamp-text.js";
import type { Interval } from "../values/value.js";
import { parseValueType } from "../values/value-type-text.js";
import type { Syntax } from "./syntax.js";
import { tokenize, type Token } from "./tokens.js";

/** Binding strength of the binary operators, weakest first; each maps to a name of the catalogue. */
const binary: readonly Readonly<Record<string, string>>[] = [
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

const reserved = new Set([
  "and",
  "or",
  "not",
  "is",
  "in",
  "between",
  "like",
  "case",
  "when",
  "then",
  "else",
  "end",
  "as",
  "from",
]);
const deepest = 200;

/** Stops the descent at the first place that makes no sense; everything found until then is reported. */
class Unparsable extends Error {}

/** Parses one expression. Never throws; `syntax` is absent when there are problems. */
export function parseExpression(text: string): { syntax?: Syntax; problems: ExpressionProblem[] } {
  const { tokens, problems } = tokenize(text);
  const parser = new Parser(tokens, problems);
  try {
    const syntax = parser.expression(0);
    parser.expectEnd();
    return problems.length === 0 ? { syntax, problems } : { problems };
  } catch (error) {
    if (error instanceof Unparsable) return { problems };
    throw error;
  }
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly problems: ExpressionProblem[],
  ) {}

  expression(level: number): Syntax {
    if (++this.depth > deepest)
      this.fail(this.peek().span, "too-deep", `This expression is nested more than ${deepest} levels deep; split it.`);
    try {
      return level === notLevel ? this.not() : level >= binary.length ? this.unary() : this.binary(level);
    } finally {
      this.depth--;
    }
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== "end")
      this.fail(
        token.span,
        "unexpected-token",
        `${describe(token)} was not expected here: the expression is complete before it.`,
      );
  }

  private binary(level: number): Syntax {
    let left = this.expression(level + 1);
    for (;;) {
      const token = this.peek();
      const operation = binary[level]?.[token.text.toLowerCase()];
      if (operation !== undefined && token.kind !== "string" && token.kind !== "quoted-name") {
        this.at++;
        left = call(operation, [left, this.expression(level + 1)], token.span);
      } else if (level === comparisonLevel && token.kind === "name") {
        const predicate = this.predicate(left);
        if (predicate === undefined) return left;
        left = predicate;
      } else return left;
    }
  }

  private not(): Syntax {
    const token = this.peek();
    if (!this.take("not")) return this.expression(notLevel + 1);
    const operand = this.expression(notLevel);
    return { ...call("not", [operand], token.span), span: join(token.span, operand.span) };
  }

  /** `is [not] null`, `[not] in (…)`, `[not] between … and …`, `[not] like …`. */
  private predicate(left: Syntax): Syntax | undefined {
    const token = this.peek();
    if (this.take("is")) {
      const negated = this.take("not");
      const end = this.expect("null");
      return { ...call(negated ? "is_not_null" : "is_null", [left], token.span), span: join(left.span, end.span) };
    }
    const negated = this.keyword(0) === "not" && ["in", "between", "like"].includes(this.keyword(1));
    if (negated) this.at++;
    const positive = this.positivePredicate(left);
    if (positive === undefined) return undefined;
    return negated ? { ...call("not", [positive], token.span), span: positive.span } : positive;
  }

  private positivePredicate(left: Syntax): Syntax | undefined {
    const token = this.peek();
    if (this.take("in")) {
      this.expect("(");
      const items = this.list();
      return { ...call("in", [left, ...items.syntaxes], token.span), span: join(left.span, items.end) };
    }
    if (this.take("between")) {
      const low = this.expression(comparisonLevel + 1);
      this.expect("and");
      const high = this.expression(comparisonLevel + 1);
      return call(
        "and",
        [call("greater_equal", [left, low], token.span), call("less_equal", [left, high], token.span)],
        token.span,
      );
    }
    if (this.take("like")) return call("like", [left, this.expression(comparisonLevel + 1)], token.span);
    return undefined;
  }

  private unary(): Syntax {
    const token = this.peek();
    if (this.take("+")) return this.unary();
    if (!this.take("-")) return this.primary();
    const next = this.peek();
    if (next.kind === "number") {
      this.at++;
      return this.number({ ...next, text: `-${next.text}`, span: join(token.span, next.span) });
    }
    const operand = this.unary();
    return { ...call("negate", [operand], token.span), span: join(token.span, operand.span) };
  }

  private primary(): Syntax {
    const token = this.peek();
    this.at++;
    switch (token.kind) {
      case "number":
        return this.number(token);
      case "duration":
        return this.duration(token);
      case "string":
        return { kind: "literal", type: { kind: "string" }, value: token.text, span: token.span };
      case "quoted-name":
        return { kind: "name", name: token.text, span: token.span };
      case "name":
        return this.named(token);
      case "symbol":
        if (token.text === "(") {
          const inner = this.expression(0);
          const end = this.expect(")");
          return { ...inner, span: join(token.span, end.span) };
        }
        break;
      case "end":
    }
    this.at--;
    return this.fail(
      token.span,
      "expected-expression",
      `A value, a column or a function was expected here, not ${describe(token)}.`,
    );
  }

  private named(token: Token): Syntax {
    const word = token.text.toLowerCase();
    const literal = (value: boolean | null): Syntax => ({
      kind: "literal",
      type: { kind: value === null ? "null" : "bool" },
      value,
      span: token.span,
    });
    if (word === "true" || word === "false") return literal(word === "true");
    if (word === "null") return literal(null);
    if (word === "case") return this.case(token);
    const next = this.peek();
    if (next.kind === "string" && ["timestamp", "date", "decimal"].includes(word)) return this.typedText(word, token, next);
    if (word === "interval" && (next.kind === "number" || next.kind === "string")) return this.interval(token);
    if (this.take("(")) return this.callOf(token, word);
    if (reserved.has(word))
      this.fail(
        token.span,
        "expected-expression",
        `A value, a column or a function was expected here, not the word ${token.text}. A column of that name is written "${token.text}".`,
      );
    return { kind: "name", name: token.text, span: token.span };
  }

  private callOf(name: Token, word: string): Syntax {
    if (word === "cast") return this.cast(name);
    if (word === "extract") {
      const unit = this.peek();
      this.at++;
      this.expect("from");
      const operand = this.expression(0);
      const end = this.expect(")");
      const literal: Syntax = { kind: "literal", type: { kind: "string" }, value: unit.text.toLowerCase(), span: unit.span };
      return {
        kind: "call",
        operation: "extract",
        arguments: [literal, operand],
        span: join(name.span, end.span),
        nameSpan: name.span,
      };
    }
    if (this.peek().text === "*" && this.peek(1).text === ")") {
      const star: Syntax = { kind: "star", span: this.peek().span };
      this.at += 2;
      return { kind: "call", operation: word, arguments: [star], span: join(name.span, this.peek(-1).span), nameSpan: name.span };
    }
    if (this.take(")"))
      return { kind: "call", operation: word, arguments: [], span: join(name.span, this.peek(-1).span), nameSpan: name.span };
    const { syntaxes, end } = this.list();
    return { kind: "call", operation: word, arguments: syntaxes, span: join(name.span, end), nameSpan: name.span };
  }

  private cast(name: Token): Syntax {
    const operand = this.expression(0);
    this.expect("as");
    const first = this.peek();
    let text = "";
    let depth = 0;
    for (let token = first; token.kind !== "end" && (depth > 0 || token.text !== ")"); token = this.peek()) {
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
      text += token.text;
      this.at++;
    }
    const type = parseValueType(text.toLowerCase());
    const last = this.peek(-1);
    const end = this.expect(")");
    if (type === undefined || type.kind === "list" || type.kind === "bytes")
      return this.fail(
        join(first.span, last.span),
        "unknown-type",
        `${text || "Nothing"} is not a type to cast to. Types: bool, int64, float64, decimal(p,s), string, timestamp, date.`,
      );
    return { kind: "cast", operand, type, span: join(name.span, end.span) };
  }

  private case(first: Token): Syntax {
    const branches: { when: Syntax; then: Syntax }[] = [];
    const subject = this.keyword(0) === "when" ? undefined : this.expression(0);
    while (this.take("when")) {
      const when = this.expression(0);
      this.expect("then");
      const condition = subject === undefined ? when : call("equal", [subject, when], when.span);
      branches.push({ when: condition, then: this.expression(0) });
    }
    if (branches.length === 0)
      this.fail(this.peek().span, "expected-token", `\`when\` was expected after \`case\`, not ${describe(this.peek())}.`);
    const otherwise = this.take("else") ? this.expression(0) : undefined;
    const span = join(first.span, this.expect("end").span);
    return otherwise === undefined ? { kind: "case", branches, span } : { kind: "case", branches, otherwise, span };
  }

  private list(): { syntaxes: Syntax[]; end: Span } {
    const syntaxes = [this.expression(0)];
    while (this.take(",")) syntaxes.push(this.expression(0));
    return { syntaxes, end: this.expect(")").span };
  }

  private number(token: Token): Syntax {
    if (/[.eE]/.test(token.text)) {
      const value = Number(token.text);
      if (!Number.isFinite(value)) this.fail(token.span, "number-range", `${token.text} is beyond float64.`);
      return { kind: "literal", type: { kind: "float64" }, value, span: token.span };
    }
    const value = BigInt(token.text);
    if (!isInt64(value))
      this.fail(
        token.span,
        "number-range",
        `${token.text} is beyond int64. Write it with a point for float64, or as decimal '${token.text}'.`,
      );
    return { kind: "literal", type: { kind: "int64" }, value, span: token.span };
  }

  private duration(token: Token): Syntax {
    const micros = parseDuration(token.text);
    if (micros === undefined)
      return this.fail(token.span, "invalid-literal", `${token.text} is not a duration such as 30s, 15m, 1h, 7d or 4w.`);
    const day = 86_400_000_000n;
    const whole = micros % day === 0n;
    const value: Interval = { months: 0, days: whole ? Number(micros / day) : 0, micros: whole ? 0n : micros };
    return { kind: "literal", type: { kind: "interval" }, value, span: token.span };
  }

  /** `interval 7 day`, `interval '7' day`, `interval '7 days'`. */
  private interval(first: Token): Syntax {
    const amount = this.peek();
    this.at++;
    const [count, given] = amount.text.trim().split(/\s+/);
    let unit = given;
    let end = amount.span;
    if (unit === undefined) {
      const token = this.peek();
      this.at++;
      unit = token.text;
      end = token.span;
    }
    const n = /^-?\d{1,9}$/.test(count ?? "") ? Number(count) : undefined;
    const value = n === undefined ? undefined : intervalOf(n, unit.toLowerCase().replace(/s$/, ""));
    if (value === undefined)
      return this.fail(
        join(first.span, end),
        "invalid-literal",
        "An interval is written `interval 7 day`, with a whole number and one of year, month, week, day, hour, minute, second.",
      );
    return { kind: "literal", type: { kind: "interval" }, value, span: join(first.span, end) };
  }

  private typedText(word: string, first: Token, token: Token): Syntax {
    this.at++;
    const span = join(first.span, token.span);
    if (word === "timestamp") {
      const value = parseTimestamp(token.text);
      if (value !== undefined) return { kind: "literal", type: { kind: "timestamp" }, value, span };
      return this.fail(
        span,
        "invalid-literal",
        `'${token.text}' is not a timestamp; write it as timestamp '2001-06-01 07:00:00'.`,
      );
    }
    if (word === "date") {
      const value = parseDate(token.text);
      if (value !== undefined) return { kind: "literal", type: { kind: "date" }, value, span };
      return this.fail(span, "invalid-literal", `'${token.text}' is not a date; write it as date '2001-06-01'.`);
    }
    const digits = token.text.replace(/[-+.]/g, "").replace(/^0+(?=\d)/, "");
    const scale = token.text.includes(".") ? token.text.length - token.text.indexOf(".") - 1 : 0;
    const type = { kind: "decimal" as const, precision: Math.max(digits.length, scale, 1), scale };
    const value = type.precision > 38 ? undefined : parseDecimal(token.text, type);
    if (value !== undefined) return { kind: "literal", type, value, span };
    return this.fail(
      span,
      "invalid-literal",
      `'${token.text}' is not a decimal of at most 38 digits; write it as decimal '1.20'.`,
    );
  }

  private peek(offset = 0): Token {
    const token = this.tokens[Math.min(this.at + offset, this.tokens.length - 1)];
    if (token === undefined) throw new Error("a token list always ends with `end`");
    return token;
  }

  private keyword(offset: number): string {
    const token = this.peek(offset);
    return token.kind === "name" || token.kind === "symbol" ? token.text.toLowerCase() : "";
  }

  private take(word: string): boolean {
    if (this.keyword(0) !== word) return false;
    this.at++;
    return true;
  }

  private expect(word: string): Token {
    const token = this.peek();
    if (!this.take(word)) this.fail(token.span, "expected-token", `\`${word}\` was expected here, not ${describe(token)}.`);
    return token;
  }

  private fail(span: Span, code: string, message: string): never {
    this.problems.push({ code, message, span });
    throw new Unparsable();
  }
}

function call(operation: string, operands: readonly Syntax[], nameSpan: Span): Syntax {
  const span = operands.reduce((all, operand) => join(all, operand.span), nameSpan);
  return { kind: "call", operation, arguments: operands, span, nameSpan };
}

function intervalOf(n: number, unit: string): Interval | undefined {
  const [hour, zero] = [3_600_000_000n, { months: 0, days: 0, micros: 0n }];
  switch (unit) {
    case "year":
      return { ...zero, months: 12 * n };
    case "month":
      return { ...zero, months: n };
    case "week":
      return { ...zero, days: 7 * n };
    case "day":
      return { ...zero, days: n };
    case "hour":
      return { ...zero, micros: BigInt(n) * hour };
    case "minute":
      return { ...zero, micros: BigInt(n) * 60_000_000n };
    case "second":
      return { ...zero, micros: BigInt(n) * 1_000_000n };
    default:
      return undefined;
  }
}

function join(a: Span, b: Span): Span {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

function describe(token: Token): string {
  return token.kind === "end" ? "the end of the expression" : `\`${token.text}\``;
}
