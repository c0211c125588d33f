import { diagnosticCodes, type DiagnosticCode } from "../diagnostic-codes.js";
import type { Diagnostic, ExpressionProblem, Range, Severity } from "../diagnostic.js";
import type { Parsed } from "../definitions/parse-definitions.js";
import type { YamlPath } from "../definitions/source-map.js";

/** What mends a finding: a text in place of what is marked, or a line before a key of a document in block style. */
export type Fix = string | { readonly lineBefore: string; readonly line: string };

/** Collects diagnostics about parsed definitions; a code's severity is that of the table. */
export interface Report {
  readonly diagnostics: Diagnostic[];
  problem(at: Parsed, path: YamlPath, code: DiagnosticCode, message: string, fix?: Fix): void;
  /** A problem inside the text of an expression at `path`. */
  expression(at: Parsed, path: YamlPath, problem: ExpressionProblem): void;
}

export function createReport(): Report {
  const diagnostics: Diagnostic[] = [];
  const add = (severity: Severity, at: Parsed, range: Range, code: string, message: string, fix?: Diagnostic["fix"]): void => {
    diagnostics.push({ code, severity, message, file: at.file, range, ...(fix === undefined ? {} : { fix }) });
  };
  return {
    diagnostics,
    problem(at, path, code, message, fix) {
      const range = at.map.range(path);
      add(diagnosticCodes[code].severity, at, range, code, message, fix === undefined ? undefined : edit(at, range, fix));
    },
    expression(at, path, { code, message, span, suggestion }) {
      const range = at.map.range(path, span);
      add("error", at, range, code, message, suggestion === undefined ? undefined : edit(at, range, suggestion));
    },
  };
}

function edit(at: Parsed, range: Range, fix: Fix): Diagnostic["fix"] {
  if (typeof fix === "string") return { title: `Change to ${fix}`, edits: [{ range, newText: fix }] };
  const { start } = at.map.keyRange([fix.lineBefore]);
  // Between braces a line of its own would break the document.
  if (at.map.keyRange(["kind"]).start.line === start.line) return undefined;
  const newText = `${fix.line}\n${" ".repeat(start.character)}`;
  return { title: `Add ${fix.line}`, edits: [{ range: { start, end: start }, newText }] };
}
