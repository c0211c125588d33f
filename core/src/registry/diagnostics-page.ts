import { diagnosticCodes, type DiagnosticRule } from "../diagnostic-codes.js";

const effects = {
  error: "the definitions are not valid: `check` exits with 1, and nothing else runs on them",
  warning: "something is probably wrong; everything still runs",
  information: "worth knowing",
} as const;

/** `docs/diagnostics.md`, of the table of codes. */
export function diagnosticsPage(): string {
  const rules: readonly (readonly [string, DiagnosticRule])[] = Object.entries(diagnosticCodes);
  const sections = rules.map(([code, { severity, meaning, mend }]) => `## ${code}\n\n_${severity}_. ${meaning}\n\n${mend}\n`);
  const severities = Object.entries(effects).map(([severity, effect]) => `- _${severity}_: ${effect}.`);
  return [
    "# Diagnostics\n",
    "Every finding of `skewproof check` and of the editor has one of these codes. They stay: scripts may rely on them.",
    "This page is written by `node scripts/write-diagnostics-page.mjs` from `core/src/diagnostic-codes.ts`.\n",
    `${severities.join("\n")}\n`,
    sections.join("\n"),
  ].join("\n");
}
