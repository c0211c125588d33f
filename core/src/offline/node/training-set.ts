import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { rememberDistribution } from "../../profiles/node/latest-distribution.js";
import { profileRelation } from "../../profiles/node/profile-relation.js";
import type { ServiceFeature, Source } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestFile, digestText } from "../../runs/node/digest.js";
import { printValueType } from "../../values/value-type-text.js";
import { pointInTimeQuery } from "../point-in-time-query.js";
import { fileRelation } from "../source-relation.js";
import { stringLiteral } from "../sql.js";
import type { TrainingSetManifest } from "../training-set-manifest.js";
import { macros } from "../visible-at.js";
import { openDuckdb, type DuckdbSession } from "./duckdb-session.js";

export interface TrainingSetOptions {
  readonly service: string;
  /** A file (Parquet, CSV, NDJSON; absolute, or relative to the project), or SQL over the project's files. */
  readonly labels: { readonly path: string } | { readonly sql: string };
  /** Ends with .parquet or .csv; absolute, or relative to the project. */
  readonly out: string;
  /** The labels' time column; default `event_timestamp`. */
  readonly time?: string;
  readonly features?: readonly string[];
  readonly fullNames?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

/**
 * Writes a point-in-time-correct training set with `OUT.manifest.json` and `OUT.profile.json`. The files appear only
 * when all three are complete. Throws `usage` before anything runs when the request does not fit the labels.
 */
export async function buildTrainingSet(loaded: LoadedProject, options: TrainingSetOptions): Promise<TrainingSetManifest> {
  const { root, project } = loaded;
  const { signal, progress = () => undefined, time = "event_timestamp" } = options;
  const service = requireService(project, options.service);
  const out = path.resolve(root, options.out);
  const format = outputFormat(out);
  const labelsFile = "path" in options.labels ? path.resolve(root, options.labels.path) : undefined;
  if (labelsFile !== undefined && globSync(labelsFile).length === 0)
    throw new SkewproofError("missing", `The labels file ${labelsFile} is not there.`);
  mkdirSync(path.dirname(out), { recursive: true });

  const folders = [path.dirname(out), ...(labelsFile === undefined ? [] : [path.dirname(labelsFile)])];
  await using session = await openDuckdb({ root, folders });
  const labels = "sql" in options.labels ? `(${options.labels.sql.trim().replace(/;$/, "")})` : fileRelation(labelsFile ?? "");
  const labelColumns = await session.describe(`SELECT * FROM ${labels}`);
  const query = pointInTimeQuery({
    service,
    labels,
    labelColumns,
    time,
    ...(options.features === undefined ? {} : { features: options.features }),
    ...(options.fullNames === undefined ? {} : { fullNames: options.fullNames }),
  });
  await session.run(macros);
  for (const [step, statement] of query.setup.entries()) {
    progress(`Joining ${step + 1} of ${query.setup.length}`);
    await session.run(statement, signal);
  }
  await session.run(`CREATE TEMP TABLE _result AS ${query.sql}`, signal);
  const features = query.columns.slice(labelColumns.length);
  progress("Profiling");
  const profile = await profileRelation(session, "_result", query.columns, undefined, signal);

  const temporary = `${out}.${process.pid}.tmp`;
  try {
    progress("Writing");
    await session.run(`COPY (SELECT * FROM _result) TO ${stringLiteral(temporary)} (${format})`, signal);
    const manifest: TrainingSetManifest = {
      version: 1,
      project: project.name,
      service: service.name,
      definitions: project.digest,
      engine: `duckdb ${await engineVersion(session)}`,
      labels:
        "sql" in options.labels
          ? { sql: options.labels.sql, sha256: await relationDigest(session) }
          : { path: path.relative(root, labelsFile ?? ""), sha256: await digestFile(globSync(labelsFile ?? "")[0] ?? "") },
      time,
      sources: await Promise.all(sourcesOf(service.features).map((source) => describeSource(root, source))),
      columns: query.columns.map(({ name, type }) => ({ name, type: printValueType(type) })),
      features: features.map(({ name }) => name),
      rows: profile.rows,
      nullShare: Object.fromEntries(
        features.map(({ name }) => [
          name,
          nullShare(
            profile.columns.find((column) => column.name === name),
            profile.rows,
          ),
        ]),
      ),
      sha256: await digestFile(temporary),
    };
    signal?.throwIfAborted();
    writeFileSync(`${temporary}.manifest`, canonicalJson(manifest));
    writeFileSync(`${temporary}.profile`, canonicalJson(profile));
    renameSync(temporary, out);
    renameSync(`${temporary}.profile`, `${out}.profile.json`);
    renameSync(`${temporary}.manifest`, `${out}.manifest.json`);
    if (options.features === undefined) rememberDistribution(root, service.name, out, profile);
    return manifest;
  } finally {
    for (const file of [temporary, `${temporary}.manifest`, `${temporary}.profile`]) if (existsSync(file)) rmSync(file);
  }
}

function outputFormat(out: string): string {
  if (out.endsWith(".parquet")) return "FORMAT parquet, COMPRESSION zstd";
  if (out.endsWith(".csv")) return "FORMAT csv, HEADER true";
  throw new SkewproofError("usage", `${out} ends with neither .parquet nor .csv; the ending says the format.`);
}

function nullShare(column: { readonly nulls: number } | undefined, rows: number): number {
  return column === undefined || rows === 0 ? 0 : column.nulls / rows;
}

async function engineVersion(session: DuckdbSession): Promise<string> {
  const [[version = ""] = []] = await session.rows("SELECT version()");
  return typeof version === "string" ? version : "";
}

/** Labels from SQL have no file: their digest is that of the rows, in order. */
async function relationDigest(session: DuckdbSession): Promise<string> {
  const [[digest = ""] = []] = await session.rows(
    "SELECT md5(string_agg(CAST(l AS VARCHAR), chr(10) ORDER BY _row)) FROM _labels AS l",
  );
  return digestText(typeof digest === "string" ? digest : "");
}

function sourcesOf(features: readonly ServiceFeature[]): Source[] {
  const sources = new Map<string, Source>();
  for (const { view } of features)
    for (const { source } of view.kind === "feature_view" ? [view] : view.inputs) sources.set(source.name, source);
  return [...sources.values()];
}

/** Files of a `path` source, or those that a query names as 'text' ending like a table file. */
async function describeSource(root: string, source: Source): Promise<TrainingSetManifest["sources"][number]> {
  const { location } = source;
  const patterns =
    location.kind === "path"
      ? [location.path]
      : location.kind === "query"
        ? [...location.sql.matchAll(/'([^']+\.(?:parquet|csv|tsv|ndjson|jsonl|json)(?:\.gz|\.zst)?)'/gi)].map(
            (match) => match[1] ?? "",
          )
        : [];
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
  const digests = await Promise.all(
    files.map(async (file) => ({ path: file, sha256: await digestFile(path.resolve(root, file)) })),
  );
  return { source: source.name, files: digests, ...(location.kind === "query" ? { query: location.sql } : {}) };
}
