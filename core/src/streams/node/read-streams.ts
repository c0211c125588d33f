import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { SkewproofError } from "../../errors.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { streamView } from "../../offline/source-relation.js";
import { identifier } from "../../offline/sql.js";
import type { FeatureService, Source } from "../../registry/bound-project.js";
import { digestRestingFiles } from "../../runs/node/digest.js";
import { logFiles } from "../log-files.js";
import type { Column } from "../../values/value-type.js";
import { segmentRows, streamRows, tailRows } from "../stream-sql.js";
import { summary } from "../tail-lines.js";
import { logFolder, logId } from "./log-folder.js";
import { wholeLines } from "./tail-file.js";

/** What a session sees of a stream: the rows of one log up to and with `last`. */
export interface SeenStream {
  readonly log: string;
  readonly last: bigint;
}

const seen = new WeakMap<DuckdbSession, Map<string, SeenStream>>();

/**
 * Gives a session the rows of these sources that are streams, as the views that their SQL names: the schema's columns,
 * `_position` and `_received_at`. A session sees one state of a stream, that of the first call; rows after `after` are
 * enough. Throws `corrupt` naming a segment that is damaged or missing.
 */
export async function readStreams(
  session: DuckdbSession,
  sources: Iterable<Source>,
  after = 0n,
): Promise<ReadonlyMap<string, SeenStream>> {
  const known = seen.get(session) ?? new Map<string, SeenStream>();
  seen.set(session, known);
  for (const source of sources)
    if (source.stream !== undefined && !known.has(source.name)) known.set(source.name, await readStream(session, source, after));
  return known;
}

/** The sources that a service's features are computed from. */
export function sourcesRead({ features }: FeatureService): Source[] {
  return features.flatMap(({ view }) => (view.kind === "feature_view" ? [view.source] : view.inputs.map(({ source }) => source)));
}

async function readStream(session: DuckdbSession, source: Source, after: bigint): Promise<SeenStream> {
  const { root } = session;
  const folder = logFolder(root, source.name);
  const { segments, tails, last } = await takeSnapshot(folder, after);
  const digests = await digestRestingFiles(
    root,
    segments.map(({ name }) => path.join(folder, name)),
  );
  for (const [index, { name, first, last: end, digest }] of segments.entries())
    if (digests[index]?.startsWith(digest) !== true)
      throw damaged(`The segment ${path.join(folder, name)} is damaged`, path.join(folder, name), first, end);

  const parts = segments.length === 0 ? [] : [segmentRows(segments.map(({ name }) => path.join(folder, name)))];
  const copy = path.join(root, ".skewproof", "tmp", `${process.pid}-${++copies}.ndjson`);
  mkdirSync(path.dirname(copy), { recursive: true });
  for (const [index, { text, columns }] of tails.entries()) {
    const table = identifier(`_tail ${source.name} ${index}`);
    writeFileSync(copy, text);
    try {
      await session.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${tailRows(copy, columns)}`);
    } finally {
      rmSync(copy, { force: true });
    }
    parts.push(table);
  }
  await session.run(`CREATE OR REPLACE TEMP VIEW ${streamView(source.name)} AS ${streamRows(source.columns ?? [], parts)}`);
  return { log: logId(folder), last };
}

let copies = 0;

interface Segment {
  readonly name: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly digest: string;
}

interface Snapshot {
  readonly segments: readonly Segment[];
  readonly tails: readonly { readonly text: string; readonly columns: readonly Column[] }[];
  readonly last: bigint;
}

/** The log's files as they stand at one moment, without a gap. */
async function takeSnapshot(folder: string, after: bigint): Promise<Snapshot> {
  for (let attempts = 0; ; attempts++) {
    const found = tryToRead(folder, after);
    if ("last" in found) return found;
    // A tail that becomes a segment meanwhile looks like a gap.
    if (attempts === 10)
      throw new SkewproofError(
        "corrupt",
        `The rows from ${found.gapAt} on are missing in ${folder}. Restore the file that held them from a copy.`,
      );
    await sleep(20);
  }
}

function tryToRead(folder: string, after: bigint): Snapshot | { readonly gapAt: bigint } {
  const segments: Segment[] = [];
  const tails: Snapshot["tails"][number][] = [];
  let last = 0n;
  for (const file of logFiles(namesIn(folder))) {
    const text = file.kind === "tail" ? readTail(path.join(folder, file.name)) : undefined;
    if (file.kind === "tail" && text === undefined) return { gapAt: file.first };
    if (file.kind === "tail" && text !== undefined) {
      const held = summary(path.join(folder, file.name), text);
      // A tail without rows may have been begun in vain.
      if (held.last === undefined) continue;
      if (file.first !== last + 1n) return { gapAt: last + 1n };
      last = held.last;
      if (last > after) tails.push({ text, columns: held.columns });
    } else if (file.kind !== "tail") {
      if (file.first !== last + 1n) return { gapAt: last + 1n };
      last = file.last;
      if (file.kind === "segment" && last > after) segments.push(file);
    }
  }
  return { segments, tails, last };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function readTail(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return wholeLines(descriptor, 0).text;
  } finally {
    closeSync(descriptor);
  }
}

function damaged(what: string, file: string, first: bigint, last: bigint): SkewproofError {
  return new SkewproofError(
    "corrupt",
    `${what}: it does not hold what was written. Restore it from a copy, or rename it to ${path.basename(file)}.damaged to go on without its rows, ${first} to ${last}.`,
  );
}
