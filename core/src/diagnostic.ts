/** A place in a text, zero-based; `character` counts UTF-16 units, as in the Language Server Protocol. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** Half-open UTF-16 offsets into one text, such as an expression. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Severity = "error" | "warning" | "information";

export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

/** An expected finding about the project's files. `file` is relative to the project's root, with `/`. */
export interface Diagnostic {
  /** Stable, kebab-case, e.g. `unknown-key`, `unknown-column`; documented. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong and how to mend it, in one or two sentences. */
  readonly message: string;
  readonly file: string;
  readonly range: Range;
  readonly fix?: { readonly title: string; readonly edits: readonly TextEdit[] };
}

/** A problem inside one expression; the caller maps the span to the file. */
export interface ExpressionProblem {
  readonly code: string;
  readonly message: string;
  readonly span: Span;
  /** The text that would mend the span, when one is known (e.g. the nearest column name). */
  readonly suggestion?: string;
}
