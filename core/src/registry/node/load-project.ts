import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";

import { parseDefinitions, parseProjectSettings, type Parsed } from "../../definitions/parse-definitions.js";
import type { ProjectSettings } from "../../definitions/schemas.js";
import { diagnosticCodes, type DiagnosticCode } from "../../diagnostic-codes.js";
import type { Diagnostic } from "../../diagnostic.js";
import { SkewproofError } from "../../errors.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestText } from "../../runs/node/digest.js";
import { bindProject } from "../bind-project.js";
import type { BoundProject } from "../bound-project.js";
import { formatDiagnostic } from "../format-diagnostic.js";
import { governanceFindings } from "../governance-findings.js";
import { digestedForm, snapshotEntries } from "../snapshot.js";
import { readHistory } from "./read-history.js";
import { fileStamp, type ProjectMemory } from "./project-memory.js";
import { readData } from "./read-sources.js";

export interface LoadedProject {
  /** Absolute. */
  readonly root: string;
  readonly project: BoundProject;
  readonly diagnostics: readonly Diagnostic[];
  /** The definition files, relative to the root. */
  readonly files: readonly string[];
}

export interface LoadOptions {
  /** `read` (the default) looks at the sources' data; `cached` uses what the last look found, and loads no native code. */
  readonly schemas?: "read" | "cached";
  /** Texts that stand for a file's own, by path relative to the root: what an editor holds unsaved. */
  readonly texts?: ReadonlyMap<string, string>;
  /** Kept by whoever loads the same project again and again. */
  readonly memory?: ProjectMemory;
}

const settingsFile = "skewproof.yaml";

/** The project's folder: `projectDir`, or the nearest folder upward with a skewproof.yaml. Throws `usage` when there is none. */
export function findProject(projectDir?: string): string {
  if (projectDir !== undefined) {
    const root = path.resolve(projectDir);
    if (existsSync(path.join(root, settingsFile))) return root;
    throw new SkewproofError(
      "usage",
      `There is no ${settingsFile} in ${root}. Give the project's folder, or make a project with \`skewproof init ${projectDir}\`.`,
    );
  }
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, settingsFile))) return folder;
    if (folder === path.dirname(folder))
      throw new SkewproofError(
        "usage",
        `There is no ${settingsFile} in ${process.cwd()} or above it. Give --project DIR, or make a project with \`skewproof init\`.`,
      );
  }
}

/** Loads and binds a project. Mistakes in it are diagnostics; the project holds what is valid. */
export async function loadProject(
  root: string,
  { schemas = "read", texts = new Map(), memory }: LoadOptions = {},
): Promise<LoadedProject> {
  const { settings, parsed, diagnostics, files } = readDefinitions(root, texts, memory);
  const data = await readData(root, parsed, schemas, memory);
  const bound = bindProject(settings, parsed, data.sources);
  const history = readHistory(root, memory);
  const isValid = ![...diagnostics, ...bound.diagnostics].some(({ severity }) => severity === "error");
  const governed = governanceFindings({ project: bound.project, parsed, ...data, history, isValid });
  const damaged = history.damage === undefined ? [] : [registryDamaged(history.damage)];
  return {
    root,
    project: withDigest(bound.project),
    diagnostics: [...diagnostics, ...bound.diagnostics, ...governed, ...damaged],
    files,
  };
}

function registryDamaged(message: string): Diagnostic {
  const start = { line: 0, character: 0 };
  const code = "registry-damaged" satisfies DiagnosticCode;
  return { code, severity: diagnosticCodes[code].severity, message, file: settingsFile, range: { start, end: start } };
}

/** The digest is computed when it is first asked for: editors, which ask often for the rest, have no use for it. */
function withDigest(project: Omit<BoundProject, "digest">): BoundProject {
  let digest: string | undefined;
  return {
    ...project,
    get digest() {
      return (digest ??= digestText(canonicalJson(digestedForm(project.name, snapshotEntries(project)))));
    },
  };
}

/** The project, or an `invalid` error that lists every mistake with its place. Warnings do not count. */
export async function loadValidProject(root: string, options?: LoadOptions): Promise<LoadedProject> {
  const loaded = await loadProject(root, options);
  const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return loaded;
  throw new SkewproofError(
    "invalid",
    [`The definitions have ${errors.length} error${errors.length === 1 ? "" : "s"}:`, ...errors.map(formatDiagnostic)].join("\n"),
  );
}

function readDefinitions(
  root: string,
  texts: ReadonlyMap<string, string>,
  memory: ProjectMemory | undefined,
): { settings: ProjectSettings; parsed: Parsed[]; diagnostics: Diagnostic[]; files: string[] } {
  const read = (file: string): string => texts.get(file) ?? readFileSync(path.join(root, file), "utf8");
  const found = parseProjectSettings(settingsFile, read(settingsFile));
  const settings = found.settings ?? { project: "invalid", format: 1 };
  const files = globSync(settings.include ?? ["definitions/**/*.yaml"], { cwd: root }).map((file) =>
    file.replaceAll(path.sep, "/"),
  );
  const parsed: Parsed[] = [];
  const diagnostics = [...found.diagnostics];
  for (const file of files.sort()) {
    const before = memory?.files.get(file);
    const stamp = memory === undefined || texts.has(file) ? undefined : fileStamp(path.join(root, file));
    const isSame = before?.stamp !== undefined && before.stamp === stamp;
    const found = isSame ? before.parsed : parseDefinitions(file, read(file), before?.parsed);
    memory?.files.set(file, { stamp, parsed: found });
    parsed.push(...found.definitions);
    diagnostics.push(...found.diagnostics);
  }
  return { settings, parsed, diagnostics, files };
}
