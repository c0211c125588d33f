import type { Diagnostic } from "../diagnostic.js";

const levels = { error: "error", warning: "warning", information: "note" } as const;

/** The findings as a SARIF 2.1.0 log (OASIS), one-based lines and columns. */
export function toSarif(diagnostics: readonly Diagnostic[]): object {
  const rules = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Skewproof", rules: rules.map((id) => ({ id })) } },
        results: diagnostics.map(({ code, severity, message, file, range: { start, end } }) => ({
          ruleId: code,
          level: levels[severity],
          message: { text: message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file },
                region: {
                  startLine: start.line + 1,
                  startColumn: start.character + 1,
                  endLine: end.line + 1,
                  endColumn: end.character + 1,
                },
              },
            },
          ],
        })),
      },
    ],
  };
}
