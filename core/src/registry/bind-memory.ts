import type { Parsed } from "../definitions/parse-definitions.js";
import type { Diagnostic } from "../diagnostic.js";
import { createReport, type Report } from "./report.js";

interface Bound {
  readonly inputs: readonly unknown[];
  readonly value: unknown;
  readonly diagnostics: readonly Diagnostic[];
}

// Of a document that an editor holds unchanged, and of the same inputs, the same comes again.
const remembered = new WeakMap<Parsed, Bound>();

/**
 * `bind(report)`, or what it gave before for the same document and the same inputs: everything it reads beside the
 * document, by identity. An undefined input is one that does not exist; then the message depends on every other name, and
 * nothing is remembered.
 */
export function bindOnce<T>(at: Parsed, inputs: readonly unknown[], report: Report, bind: (report: Report) => T): T {
  const before = remembered.get(at);
  if (before?.inputs.length === inputs.length && before.inputs.every((input, index) => input === inputs[index])) {
    report.diagnostics.push(...before.diagnostics);
    // Written below by the binder of the same document, whose kind decides the type.
    return before.value as T;
  }
  const own = createReport();
  const value = bind(own);
  report.diagnostics.push(...own.diagnostics);
  if (!inputs.includes(undefined)) remembered.set(at, { inputs, value, diagnostics: own.diagnostics });
  return value;
}
