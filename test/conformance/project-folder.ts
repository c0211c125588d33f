import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { stringify } from "yaml";

import type { DefinitionText, Question } from "./case.js";
import type { OfflineEngine } from "./offline-engine.js";
import { writeTable, type TextTable } from "./table-files.js";

/** A new folder for this process's projects; the caller removes it. */
export function scratchFolder(): string {
  return mkdtempSync(path.join(tmpdir(), "skewproof-conformance-"));
}

/** Writes a question as a project in `root`, asks the engine, and gives its answer. */
export async function ask(engine: OfflineEngine, question: Question, root: string): Promise<TextTable> {
  const definitions = Object.entries(question.definitions).map(([name, definition]) => located(name, definition));
  mkdirSync(path.join(root, "definitions"), { recursive: true });
  writeFileSync(path.join(root, "skewproof.yaml"), "project: conformance\nformat: 1\n");
  writeFileSync(path.join(root, "definitions", "all.yaml"), definitions.map((one) => stringify(one)).join("---\n"));
  for (const [name, table] of Object.entries(question.sources))
    await writeTable(path.join(root, sourceFile(name, question.definitions[name])), table);
  await writeTable(path.join(root, question.labelsFile), question.labels);
  const labels = question.labelsSql === undefined ? { path: question.labelsFile } : { sql: question.labelsSql };
  return engine(root, labels, question.options);
}

/** A source's file: the path that its definition names, or the default. */
function sourceFile(name: string, definition: DefinitionText | undefined): string {
  return (definition?.kind === "source" ? definition.path : undefined) ?? `data/${name}.parquet`;
}

/** A source without a place has the default one. */
function located(name: string, definition: DefinitionText): object {
  const { kind, ...rest } = definition;
  const place = definition.kind === "source" && definition.query === undefined ? { path: sourceFile(name, definition) } : {};
  return { kind, name, owner: "o", ...rest, ...place };
}
