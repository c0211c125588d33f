import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { SkewproofError } from "../../errors.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import type { Source, Stream } from "../../registry/bound-project.js";
import { parseTimestamp, printTimestamp } from "../../values/timestamp-text.js";
import { printValueType } from "../../values/value-type-text.js";
import { logFiles, tailName } from "../log-files.js";
import { idText } from "../row-text.js";
import { segmentRows } from "../stream-sql.js";
import { headerLine, nextLine, parse, readLine, schemaText } from "../tail-lines.js";
import { openEventIds } from "./event-ids.js";
import { openExclusion } from "./exclusion.js";
import { beginLog, logFolder } from "./log-folder.js";
import { rollTails } from "./roll-tails.js";
import { cannotWrite, createTail, nextOf, wholeLines, writeAll } from "./tail-file.js";

/** A row as `rowText` writes it, and its id where the stream has one. */
export interface NewRow {
  readonly text: string;
  readonly id?: string;
}

export interface LoggedRow {
  readonly position: bigint;
  /** Microseconds. */
  readonly receivedAt: bigint;
  /** The id stands in the log already: this row is not in it, and `position` is that of the one that is. */
  readonly isDuplicate: boolean;
}

export interface LogOptions {
  /** Microseconds since the epoch. */
  readonly clock?: () => bigint;
  /** Size from which a tail is closed and rolled into Parquet. */
  readonly tailBytes?: number;
}

export interface StreamLog {
  /** Resolves when the rows are on disk, in their order; batches given meanwhile share one flush. Throws `unavailable` when the disk takes no more. */
  append(rows: readonly NewRow[]): Promise<readonly LoggedRow[]>;
  close(): Promise<void>;
}

interface Batch {
  readonly rows: readonly NewRow[];
  readonly resolve: (rows: readonly LoggedRow[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The tail that grows, as far as this process has read it. */
interface Tail {
  readonly file: string;
  readonly first: bigint;
  readonly descriptor: number;
  bytes: number;
  schema: string;
}

const flush = promisify(fdatasync);

/**
 * Opens the log of a stream for appending. Several processes may at once: each reads what others wrote, numbers its own
 * rows and writes them while it alone does, and flushes them after that.
 */
export function openStreamLog(
  root: string,
  source: Source & { readonly stream: Stream },
  { clock = () => BigInt(Date.now()) * 1000n, tailBytes = 32 * 1024 * 1024 }: LogOptions = {},
): StreamLog {
  const folder = logFolder(root, source.name);
  const { schema: columns, eventId } = source.stream;
  const schema = schemaText(columns);
  const idType = columns.find(({ name }) => name === eventId)?.type;
  beginLog(folder);
  const exclusion = openExclusion(folder);
  const ids =
    eventId === undefined || idType === undefined ? undefined : openEventIds(folder, eventId, printValueType(idType), idType);
  let tail: Tail | undefined;
  // Of all rows read or written so far.
  let [position, receivedAt] = [0n, 0n];
  let hasClosedTail = true;
  let rolling: Promise<void> = Promise.resolve();
  let waiting: Batch[] = [];
  let running: Promise<void> | undefined;

  function openTail(first: bigint): Tail {
    if (tail !== undefined) closeSync(tail.descriptor);
    tail = undefined;
    const file = path.join(folder, tailName(first));
    return (tail = { file, first, descriptor: openSync(file, "r+"), bytes: 0, schema: "" });
  }

  /** Reads what the log has beyond what is known; a line that was cut short is removed. */
  function catchUp(from: Tail): Tail {
    const { size } = fstatSync(from.descriptor);
    if (size < from.bytes)
      throw new SkewproofError("corrupt", `${from.file} was cut short while it was in use. Restore it from a copy.`);
    if (size === from.bytes) return from;
    const { text, end } = wholeLines(from.descriptor, from.bytes);
    const kept = ids?.kept() ?? 0n;
    const found = new Map<string, bigint>();
    let moment = "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const read = readLine(from.file, line);
      if (read.kind === "next") {
        ids?.add(found, position);
        return catchUp(openTail(read.first));
      }
      if (read.kind === "header") {
        from.schema = schemaText(read.columns);
        if (read.receivedAt > receivedAt) receivedAt = read.receivedAt;
        continue;
      }
      if (read.position !== position + 1n)
        throw new SkewproofError(
          "corrupt",
          `${from.file} has no row ${position + 1n} where it should stand. Restore it from a copy.`,
        );
      position = read.position;
      moment = read.receivedAt;
      const id = eventId === undefined || position <= kept ? undefined : parse(from.file, line)[eventId];
      if (id !== undefined && id !== null) found.set(idText(id), position);
    }
    const last = parseTimestamp(moment);
    if (last !== undefined && last > receivedAt) receivedAt = last;
    if (size > end) ftruncateSync(from.descriptor, end);
    from.bytes = end;
    ids?.add(found, position);
    return from;
  }

  /** Closes the tail and begins another; of one without rows, the columns are written again. */
  function nextTail(old: Tail): Tail {
    const header = headerLine(columns, receivedAt);
    const first = position + 1n;
    if (first === old.first) {
      old.bytes += writeAll(old.descriptor, header, old.bytes);
      old.schema = schema;
      return old;
    }
    // What a process began that ended before it had closed the tail.
    for (const { kind, name, first: begun } of logFiles(readdirSync(folder)))
      if (kind === "tail" && begun > old.first) rmSync(path.join(folder, name));
    createTail(folder, first, header);
    old.bytes += writeAll(old.descriptor, nextLine(first), old.bytes);
    fsyncSync(old.descriptor);
    hasClosedTail = true;
    return catchUp(openTail(first));
  }

  function write(batches: readonly Batch[], from: Tail): readonly (readonly LoggedRow[])[] {
    return exclusion.exclusively(() => {
      let to = catchUp(from);
      if (to.schema !== schema || to.bytes >= tailBytes) to = nextTail(to);
      const now = clock();
      const at = now > receivedAt ? now : receivedAt;
      const moment = printTimestamp(at);
      const fresh = new Map<string, bigint>();
      let last = position;
      let lines = "";
      const logged = batches.map(({ rows }) =>
        rows.map(({ text, id }): LoggedRow => {
          const before = id === undefined ? undefined : (fresh.get(id) ?? ids?.positionOf(id));
          if (before !== undefined) return { position: before, receivedAt: at, isDuplicate: true };
          last++;
          if (id !== undefined) fresh.set(id, last);
          lines += `{"_position":${last},"_received_at":"${moment}"${text}}\n`;
          return { position: last, receivedAt: at, isDuplicate: false };
        }),
      );
      to.bytes += writeAll(to.descriptor, lines, to.bytes);
      [position, receivedAt] = [last, at];
      ids?.add(fresh, last);
      return logged;
    });
  }

  async function numbered(batches: readonly Batch[]): Promise<readonly (readonly LoggedRow[])[]> {
    try {
      return write(batches, tail ?? (await begin()));
    } catch (error) {
      // A tail between the known one and the one that grows now became Parquet meanwhile.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      return write(batches, await begin());
    }
  }

  /** Finds the tail that grows, and brings the ids up to it. */
  async function begin(): Promise<Tail> {
    const files = logFiles(readdirSync(folder));
    const segments = files.flatMap((file) => (file.kind === "segment" ? [file] : []));
    const rolled = files.findLast(({ kind }) => kind !== "tail");
    const last = rolled?.kind === "segment" || rolled?.kind === "set aside" ? rolled.last : 0n;
    let kept = ids?.kept() ?? last;
    const behind = segments.filter((segment) => segment.last > kept).map(({ name }) => path.join(folder, name));
    if (kept < last) {
      if (behind.length > 0) await ids?.addSegments(root, behind, last);
      kept = last;
    }
    if (!files.some(({ kind }) => kind === "tail")) receivedAt = await lastReceived(segments.slice(-1));
    const start = exclusion.exclusively(() => {
      const all = logFiles(readdirSync(folder)).filter(({ kind }) => kind === "tail");
      // After one that is not closed comes what a process began in vain.
      const grows = all.findIndex(({ name }) => nextOf(path.join(folder, name)) === undefined);
      const tails = grows < 0 ? all : all.slice(0, grows + 1);
      if (tails.length === 0) createTail(folder, last + 1n, headerLine(columns, receivedAt));
      const first = tails.findLast((one) => one.first <= kept + 1n)?.first ?? tails[0]?.first ?? last + 1n;
      position = first - 1n;
      return catchUp(openTail(first));
    });
    if (position >= kept) return start;
    // The ids are of a longer log.
    await ids?.clear();
    return begin();
  }

  async function lastReceived(segments: readonly { readonly name: string }[]): Promise<bigint> {
    if (segments.length === 0) return 0n;
    await using session = await openDuckdb({ root });
    const relation = segmentRows(segments.map(({ name }) => path.join(folder, name)));
    const [[last] = []] = await session.rows(`SELECT max(_received_at) FROM ${relation}`);
    return typeof last === "bigint" ? last : 0n;
  }

  function roll(): void {
    hasClosedTail = false;
    rolling = rolling
      .then(() => ids?.flush())
      .then(() => rollTails(root, folder, exclusion, ids && (() => ids.kept())))
      .catch(() => {
        // The tail stays as it is, and is tried again with the next one.
        hasClosedTail = true;
      });
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batches = waiting;
      waiting = [];
      try {
        const logged = await numbered(batches);
        // Of what is a duplicate the first one may not be on disk yet.
        if (tail !== undefined) await flush(tail.descriptor);
        if (hasClosedTail) roll();
        await ids?.room();
        for (const [index, { resolve }] of batches.entries()) resolve(logged[index] ?? []);
      } catch (error) {
        // What is known may be half of what is there: it is read again.
        if (tail !== undefined) closeSync(tail.descriptor);
        tail = undefined;
        for (const { reject } of batches) reject(cannotWrite(error));
      }
    }
    running = undefined;
  }

  return {
    append: (rows) =>
      new Promise((resolve, reject) => {
        waiting.push({ rows, resolve, reject });
        running ??= Promise.resolve().then(run);
      }),
    async close() {
      await running;
      await rolling;
      if (tail !== undefined) closeSync(tail.descriptor);
      await ids?.close();
      await exclusion.close();
    },
  };
}
