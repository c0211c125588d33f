import { ruleOf } from "../diagnostic-codes.js";
import type { Diagnostic, Range } from "../diagnostic.js";

const levels = { error: "error", warning: "warning", information: "note" } as const;

/** The findings as a SARIF 2.1.0 log (OASIS), one-based lines and columns; known fixes stand beside them. */
export function toSarif(diagnostics: readonly Diagnostic[]): object {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Skewproof", rules: codes.map(rule) } },
        results: diagnostics.map(({ code, severity, message, file, range, fix }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: levels[severity],
          message: { text: message },
          locations: [{ physicalLocation: { artifactLocation: { uri: file }, region: region(range) } }],
          ...(fix === undefined
            ? {}
            : {
                fixes: [
                  {
                    description: { text: fix.title },
                    artifactChanges: [
                      {
                        artifactLocation: { uri: file },
                        replacements: fix.edits.map((edit) => ({
                          deletedRegion: region(edit.range),
                          insertedContent: { text: edit.newText },
                        })),
                      },
                    ],
                  },
                ],
              }),
        })),
      },
    ],
  };
}

function rule(id: string): object {
  const known = ruleOf(id);
  if (known === undefined) return { id };
  return {
    id,
    shortDescription: { text: known.meaning },
    fullDescription: { text: `${known.meaning} ${known.mend}` },
    help: { text: known.mend, markdown: `${known.mend} [All codes](docs/diagnostics.md#${id})` },
    defaultConfiguration: { level: levels[known.severity] },
  };
}

function region({ start, end }: Range): object {
  return { startLine: start.line + 1, startColumn: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1 };
}
