import type { ExpressionProblem, Span } from "../diagnostic.js";

export type TokenKind = "number" | "string" | "name" | "quoted-name" | "duration" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** Names in lower case as keywords compare; strings and quoted names without quotes. */
  readonly text: string;
  readonly span: Span;
}

const patterns: readonly { kind: TokenKind; pattern: RegExp }[] = [
  { kind: "duration", pattern: /\d+[smhdw](?![A-Za-z0-9_])/y },
  { kind: "number", pattern: /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y },
  { kind: "name", pattern: /[A-Za-z_][A-Za-z0-9_]*/y },
  { kind: "quoted-name", pattern: /"(?:[^"]|"")*"/y },
  { kind: "string", pattern: /'(?:[^']|'')*'/y },
  { kind: "symbol", pattern: /<=|>=|<>|!=|\|\||\/\/|[-+*/%(),=<>.[\]]/y },
];

/** Splits a text into tokens, ending with `end`. Characters that belong to nothing are problems and are skipped. */
export function tokenize(text: string): { tokens: Token[]; problems: ExpressionProblem[] } {
  const tokens: Token[] = [];
  const problems: ExpressionProblem[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at++;
      continue;
    }
    const token = match(text, at);
    if (token === undefined) {
      const quote = text.charAt(at) === "'" || text.charAt(at) === '"';
      const end = quote ? text.length : at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
      const message = quote
        ? `This text has no closing ${text.charAt(at)}.`
        : `The character ${JSON.stringify(text.slice(at, end))} has no meaning here.`;
      problems.push({ code: "unexpected-character", message, span: { start: at, end } });
      at = end;
      continue;
    }
    tokens.push(token);
    at = token.span.end;
  }
  tokens.push({ kind: "end", text: "", span: { start: text.length, end: text.length } });
  return { tokens, problems };
}

function match(text: string, at: number): Token | undefined {
  for (const { kind, pattern } of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    const span = { start: at, end: at + found.length };
    if (kind === "string") return { kind, text: found.slice(1, -1).replaceAll("''", "'"), span };
    if (kind === "quoted-name") return { kind, text: found.slice(1, -1).replaceAll('""', '"'), span };
    return { kind, text: found, span };
  }
  return undefined;
}
