import type { Diagnostic } from "../diagnostic.js";

/** `file:line:column severity code: message`, one-based, as editors' problem matchers read it. */
export function formatDiagnostic({ file, range, severity, code, message }: Diagnostic): string {
  return `${file}:${range.start.line + 1}:${range.start.character + 1} ${severity} ${code}: ${message}`;
}
