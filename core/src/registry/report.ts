import type { Diagnostic, ExpressionProblem, Severity } from "../diagnostic.js";
import type { Parsed } from "../definitions/parse-definitions.js";
import type { YamlPath } from "../definitions/source-map.js";

/** Collects diagnostics about parsed definitions. */
export interface Report {
  readonly diagnostics: Diagnostic[];
  problem(at: Parsed, path: YamlPath, code: string, message: string, fix?: string): void;
  warning(at: Parsed, path: YamlPath, code: string, message: string): void;
  /** A problem inside the text of an expression at `path`. */
  expression(at: Parsed, path: YamlPath, problem: ExpressionProblem): void;
}

export function createReport(): Report {
  const diagnostics: Diagnostic[] = [];
  const add = (
    severity: Severity,
    at: Parsed,
    path: YamlPath,
    code: string,
    message: string,
    span?: ExpressionProblem["span"],
    fix?: string,
  ): void => {
    const range = at.map.range(path, span);
    const edit = fix === undefined ? {} : { fix: { title: `Change to ${fix}`, edits: [{ range, newText: fix }] } };
    diagnostics.push({ code, severity, message, file: at.file, range, ...edit });
  };
  return {
    diagnostics,
    problem: (at, path, code, message, fix) => add("error", at, path, code, message, undefined, fix),
    warning: (at, path, code, message) => add("warning", at, path, code, message),
    expression: (at, path, { code, message, span, suggestion }) => add("error", at, path, code, message, span, suggestion),
  };
}
