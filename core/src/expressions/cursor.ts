import type { ExpressionProblem, Span } from "../diagnostic.js";
import { nearestName } from "../values/nearest-name.js";
import type { Syntax } from "./syntax.js";
import type { Token } from "./tokens.js";

/** Where the parser stands in its tokens, and what it has found wrong. */
export interface Cursor {
  readonly tokens: readonly Token[];
  readonly problems: ExpressionProblem[];
  at: number;
  depth: number;
  /** Index of the token that the last problem was about: one place gets one problem. */
  reported: number;
}

/** Words that are never a column's name unless quoted. */
export const keywords: ReadonlySet<string> = new Set("and or not is in between like case when then else end as from".split(" "));

export function peek(cursor: Cursor, offset = 0): Token {
  const token = cursor.tokens[Math.max(0, Math.min(cursor.at + offset, cursor.tokens.length - 1))];
  if (token === undefined) throw new Error("a token list always ends with `end`");
  return token;
}

/** The keyword or symbol at an offset, in lower case; empty for any other token. */
export function word(cursor: Cursor, offset = 0): string {
  const token = peek(cursor, offset);
  return token.kind === "name" || token.kind === "symbol" ? token.text.toLowerCase() : "";
}

export function take(cursor: Cursor, wanted: string): boolean {
  if (word(cursor) !== wanted) return false;
  cursor.at++;
  return true;
}

/** Notes a problem and gives what stands for the unreadable part. `at` is the token it is about. */
export function report(cursor: Cursor, problem: ExpressionProblem, at = cursor.at): Extract<Syntax, { kind: "error" }> {
  if (cursor.reported !== at) cursor.problems.push(problem);
  cursor.reported = at;
  return { kind: "error", span: problem.span };
}

/** Takes one of the words, or reports what was expected; a misspelt word is taken for the right one. */
export function expect(cursor: Cursor, ...wanted: readonly string[]): Token {
  const token = peek(cursor);
  if (wanted.some((one) => take(cursor, one))) return token;
  const meant =
    token.kind === "name" && !keywords.has(token.text.toLowerCase())
      ? nearestName(
          token.text,
          wanted.filter((one) => one.length > 1),
        )
      : undefined;
  const expected = wanted.map((one) => `\`${one}\``).join(" or ");
  report(cursor, {
    code: "expected-token",
    message: `${expected} was expected here, not ${describe(token)}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
    span: token.span,
    ...(meant === undefined ? {} : { suggestion: meant }),
  });
  if (meant !== undefined) cursor.at++;
  return token;
}

const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]" };

/** Moves to the next of the words outside parentheses, or to the end. */
export function skipTo(cursor: Cursor, ...stops: readonly string[]): void {
  const open: string[] = [];
  for (; peek(cursor).kind !== "end"; cursor.at++) {
    const here = word(cursor);
    if (open.length === 0 && stops.includes(here)) return;
    const close = closing[here];
    if (close !== undefined) open.push(close);
    else if (here !== "" && here === open.at(-1)) open.pop();
  }
}

export function describe(token: Token): string {
  if (token.kind === "end") return "the end of the expression";
  return token.kind === "string" ? `the text '${token.text}'` : `\`${token.text}\``;
}

export function join(a: Span, b: Span): Span {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}
