import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import { parseDefinitions, parseProjectSettings, type Parsed } from "../../definitions/parse-definitions.js";
import type { ProjectSettings } from "../../definitions/schemas.js";
import type { Diagnostic } from "../../diagnostic.js";
import { SkewproofError } from "../../errors.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestText } from "../../runs/node/digest.js";
import type { Column } from "../../values/value-type.js";
import { bindProject, type SourceSchemas } from "../bind-project.js";
import type { BoundProject, SourceLocation } from "../bound-project.js";
import { formatDiagnostic } from "../format-diagnostic.js";
import { digestedForm, snapshotEntries } from "../snapshot.js";

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
  { schemas = "read", texts = new Map() }: LoadOptions = {},
): Promise<LoadedProject> {
  const { settings, parsed, diagnostics, files } = readDefinitions(root, texts);
  const known = schemas === "read" ? await readSchemas(root, parsed) : cachedSchemas(root, parsed);
  const bound = bindProject(settings, parsed, known);
  return {
    root,
    project: withDigest(bound.project),
    diagnostics: [...diagnostics, ...bound.diagnostics],
    files,
  };
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
    const { definitions, diagnostics: more } = parseDefinitions(file, read(file));
    parsed.push(...definitions);
    diagnostics.push(...more);
  }
  return { settings, parsed, diagnostics, files };
}

function locations(parsed: readonly Parsed[]): { name: string; location: SourceLocation }[] {
  return parsed.flatMap((at): { name: string; location: SourceLocation }[] => {
    if (at.kind !== "source") return [];
    const { name, path: file, query } = (at as Parsed<"source">).definition;
    if (file !== undefined) return [{ name, location: { kind: "path", path: file } }];
    return query === undefined ? [] : [{ name, location: { kind: "query", sql: query } }];
  });
}

type Cache = Record<string, { readonly location: string; readonly columns: readonly Column[] }>;
const cacheFile = (root: string): string => path.join(root, ".skewproof", "schemas.json");

async function readSchemas(root: string, parsed: readonly Parsed[]): Promise<SourceSchemas> {
  // Loaded here alone, so that the language server, which only uses the cache, holds no native code.
  const { readSourceSchemas } = await import("../../offline/node/source-schema.js");
  const wanted = locations(parsed);
  const schemas = await readSourceSchemas(root, wanted);
  const cache: Record<string, Cache[string]> = {};
  for (const { name, location } of wanted) {
    const columns = schemas.get(name);
    if (columns !== undefined && typeof columns !== "string") cache[name] = { location: canonicalJson(location), columns };
  }
  writeCache(root, cache);
  return schemas;
}

function writeCache(root: string, cache: Cache): void {
  const file = cacheFile(root);
  const text = JSON.stringify(cache);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function cachedSchemas(root: string, parsed: readonly Parsed[]): SourceSchemas {
  const file = cacheFile(root);
  if (!existsSync(file)) return new Map();
  // Our own file, written above; a foreign one shows as columns that do not fit.
  const cache = JSON.parse(readFileSync(file, "utf8")) as Cache;
  const schemas = new Map<string, readonly Column[]>();
  for (const { name, location } of locations(parsed)) {
    const entry = cache[name];
    if (entry?.location === canonicalJson(location)) schemas.set(name, entry.columns);
  }
  return schemas;
}
