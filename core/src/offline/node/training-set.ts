import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { rememberDistribution } from "../../profiles/node/latest-distribution.js";
import { profileRelation } from "../../profiles/node/profile-relation.js";
import type { Source } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestFile, digestRestingFiles, digestText } from "../../runs/node/digest.js";
import { readStreams, sourcesRead } from "../../streams/node/read-streams.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import { printValueType } from "../../values/value-type-text.js";
import { expectationRules } from "../expectations.js";
import { gridLabels, type Grid } from "../grid-labels.js";
import { resolveRequest, type PointInTime } from "../point-in-time-request.js";
import { fileRelation, isArrowFile, queryRelation } from "../source-relation.js";
import { stringLiteral } from "../sql.js";
import type { TrainingSetManifest } from "../training-set-manifest.js";
import { checkExpectations, quarantine } from "./check-expectations.js";
import { openDuckdb, type DuckdbSession } from "./duckdb-session.js";
import { joinLabels, stageLabels } from "./join-labels.js";
import { knownTies } from "./known-ties.js";
import { publish } from "./publish.js";
import { stageArrow } from "./read-arrow.js";
import { digestSource, sourceFiles, watchFiles } from "./source-files.js";
import { outputFormat, writeOutput } from "./write-output.js";

export interface TrainingSetOptions {
  readonly service: string;
  /**
   * A file (Parquet, CSV, NDJSON, Arrow; a glob; absolute, or relative to the project), SQL over the project's files, or
   * a grid: every key known by then at each step.
   */
  readonly labels: { readonly path: string } | { readonly sql: string } | { readonly grid: Grid };
  /** Ends with .parquet, .csv or .arrow; a folder with `partitionBy`. Absolute, or relative to the project. */
  readonly out: string;
  /** The labels' time column; default `event_timestamp`. */
  readonly time?: string;
  readonly features?: readonly string[];
  readonly fullNames?: boolean;
  readonly partitionBy?: readonly string[];
  /** A broken rule of `expect` is an error, and nothing is published. */
  readonly strict?: boolean;
  /** Bytes; default half of the machine's. */
  readonly memoryLimit?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

export interface TrainingSet {
  readonly manifest: TrainingSetManifest;
  /** Whether the result stood there already, made of the same inputs. */
  readonly reused: boolean;
  /** The file of rows that break a rule, relative to the project. */
  readonly quarantine?: string;
  /** The most bytes that stood on disk because memory was full. */
  readonly spilled: number;
}

/**
 * Writes a point-in-time-correct training set with `OUT.manifest.json` and `OUT.profile.json`, which appear together
 * when all is complete. Throws `usage` before anything runs when the request does not fit the labels; `invalid` when
 * `strict` and a rule is broken; `failed` when a source was changed meanwhile.
 */
export async function buildTrainingSet(loaded: LoadedProject, options: TrainingSetOptions): Promise<TrainingSet> {
  const { root, project } = loaded;
  const { signal, progress = () => undefined, time = "event_timestamp" } = options;
  const service = requireService(project, options.service);
  const out = path.resolve(root, options.out);
  const format = outputFormat(out, options.partitionBy);
  const labelFiles = await findLabels(root, options.labels);
  mkdirSync(path.dirname(out), { recursive: true });

  const folders = [path.dirname(out), ...labelFiles.map((file) => path.dirname(file))];
  await using session = await openDuckdb({
    root,
    folders,
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
  });
  const base = {
    service,
    time,
    ...(options.features === undefined ? {} : { features: options.features }),
    ...(options.fullNames === undefined ? {} : { fullNames: options.fullNames }),
  };
  const relation = labelRelation(root, options.labels, base);
  const streams = await readStreams(session, sourcesRead(service));
  const labelColumns = await session.describe(`SELECT * FROM ${relation}`);
  const request = resolveRequest({ ...base, labelColumns });

  const sources = sourcesOf(request);
  const read = [...new Set(sources.flatMap((source) => sourceFiles(root, source).map((file) => path.resolve(root, file))))];
  const requireUnchanged = watchFiles([...read, ...labelFiles]);
  progress("Reading labels");
  await stageLabels(session, relation, labelColumns, time, signal);
  progress("Digesting labels and sources");
  const digests = await Promise.all(sources.map((source) => digestSource(root, source, streams.get(source.name))));
  const labels = await describeLabels(session, root, options.labels, relation, labelFiles, signal);
  const engine = `duckdb ${await engineVersion(session)}`;
  const asked = { ...base, service: service.name };
  const inputs = digestText(
    canonicalJson({
      definitions: project.digest,
      engine,
      labels,
      sources: digests,
      asked,
      format,
      columns: labelColumns.map(({ name }) => name),
    }),
  );
  // What a query reads without naming a file is not in the digest.
  const known = digests.every(({ files, stream }) => files.length > 0 || stream !== undefined);
  const standing = known ? await standingResult(out, inputs, format.kind) : undefined;
  if (standing !== undefined && (options.strict !== true || standing.expectations.every(({ holds }) => holds)))
    return { manifest: standing, reused: true, spilled: 0 };

  const temporary = `${out}.${process.pid}-${Date.now().toString(36)}.tmp`;
  const joined = `${temporary}.joined`;
  try {
    const { query, rows, from, to, spilled } = await joinLabels(session, request, joined, {
      progress,
      knownTies: knownTies(root, digests),
      ...(signal === undefined ? {} : { signal }),
    });
    progress("Profiling");
    const written = `read_parquet(${stringLiteral(joined)})`;
    const profile = await profileRelation(session, written, query.columns, undefined, signal);
    const rules = expectationRules(request.output);
    const expectations = await checkExpectations(session, written, rules, signal);
    const broken = expectations.some(({ rows: count, rule }) => count > 0 && rule !== "null_rate_below");
    const aside = broken
      ? await quarantine(session, root, `${service.name}-${inputs.slice(0, 12)}`, joined, rules, signal)
      : undefined;
    const failed = expectations.filter(({ holds }) => !holds);
    if (options.strict === true && failed.length > 0)
      throw new SkewproofError(
        "invalid",
        [
          `${failed.length} expectation${failed.length === 1 ? " is" : "s are"} broken; nothing was written.`,
          ...failed.map((one) => `  ${one.feature}: ${one.rule} by ${one.rows} of ${rows} rows`),
          ...(aside === undefined ? [] : [`The rows are in ${aside}.`]),
        ].join("\n"),
      );
    requireUnchanged();
    progress("Publishing");
    const sha256 = await writeOutput(session, joined, query.columns, format, temporary, signal);
    const profileText = canonicalJson(profile);
    const features = query.columns.slice(labelColumns.length).map(({ name }) => name);
    const nulls = new Map(profile.columns.map((column) => [column.name, column.nulls]));
    const manifest: TrainingSetManifest = {
      version: 1,
      project: project.name,
      service: service.name,
      definitions: project.digest,
      engine,
      inputs,
      labels,
      time,
      moments: { from: from === null ? null : printTimestamp(from), to: to === null ? null : printTimestamp(to) },
      sources: digests,
      shapes: query.shapes,
      sql: [...query.setup.map(({ sql }) => sql), query.sql],
      columns: query.columns.map(({ name, type }) => ({ name, type: printValueType(type) })),
      features,
      rows,
      nullShare: Object.fromEntries(features.map((name) => [name, rows === 0 ? 0 : (nulls.get(name) ?? 0) / rows])),
      expectations,
      profile: digestText(profileText),
      sha256,
    };
    writeFileSync(`${temporary}.profile`, profileText);
    writeFileSync(`${temporary}.manifest`, canonicalJson(manifest));
    signal?.throwIfAborted();
    await publish([
      [temporary, out],
      [`${temporary}.profile`, `${out}.profile.json`],
      [`${temporary}.manifest`, `${out}.manifest.json`],
    ]);
    if (options.features === undefined) rememberDistribution(root, service.name, out, profile);
    return { manifest, reused: false, spilled, ...(aside === undefined ? {} : { quarantine: aside }) };
  } finally {
    for (const file of globSync(`${temporary}*`)) rmSync(file, { recursive: true, force: true });
  }
}

/** The labels' files, absolute; Arrow files are staged. */
async function findLabels(root: string, labels: TrainingSetOptions["labels"]): Promise<string[]> {
  if (!("path" in labels)) return [];
  const pattern = path.resolve(root, labels.path);
  const files = globSync(pattern).sort();
  if (files.length === 0) throw new SkewproofError("missing", `The labels file ${pattern} is not there.`);
  if (isArrowFile(pattern)) await stageArrow(root, pattern);
  return files;
}

function labelRelation(
  root: string,
  labels: TrainingSetOptions["labels"],
  base: { readonly service: PointInTime["service"]; readonly time: string; readonly features?: readonly string[] },
): string {
  if ("sql" in labels) return queryRelation(labels.sql);
  if ("path" in labels) return fileRelation(path.resolve(root, labels.path));
  const columns = [...base.service.keys, { name: base.time, type: { kind: "timestamp" } as const }];
  return `(${gridLabels(resolveRequest({ ...base, labelColumns: columns }), base.time, labels.grid)})`;
}

async function describeLabels(
  session: DuckdbSession,
  root: string,
  labels: TrainingSetOptions["labels"],
  relation: string,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<TrainingSetManifest["labels"]> {
  if ("path" in labels) {
    const digests = await digestRestingFiles(root, files);
    const [only] = digests;
    const sha256 = digests.length === 1 && only !== undefined ? only : digestText(canonicalJson(digests));
    return { path: path.relative(root, path.resolve(root, labels.path)), sha256 };
  }
  // Rows of SQL have no file: their digest is that of the rows, each at its place.
  const [[digest] = []] = await session.rows(
    "SELECT CAST(bit_xor(md5_number(CAST(s AS VARCHAR))) AS VARCHAR) FROM _staged AS s",
    signal,
  );
  return { sql: "sql" in labels ? labels.sql : relation, sha256: digestText(typeof digest === "string" ? digest : "") };
}

/** The result that stands at `out`, made of the same inputs and whole. */
async function standingResult(out: string, inputs: string, format: string): Promise<TrainingSetManifest | undefined> {
  const file = `${out}.manifest.json`;
  if (format === "partitioned" || !existsSync(out) || !existsSync(file)) return undefined;
  try {
    // Our own file, renamed into place; a foreign one lacks the digest.
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Partial<TrainingSetManifest>;
    const whole = manifest.inputs === inputs && manifest.sha256 === (await digestFile(out));
    return whole ? (manifest as TrainingSetManifest) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function engineVersion(session: DuckdbSession): Promise<string> {
  const [[version = ""] = []] = await session.rows("SELECT version()");
  return typeof version === "string" ? version : "";
}

function sourcesOf({ views }: PointInTime): Source[] {
  return [...new Map(views.map(({ view }) => [view.source.name, view.source])).values()];
}
