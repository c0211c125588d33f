import { closeSync, existsSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { SkewproofError } from "../../errors.js";
import type { Source, Stream } from "../../registry/bound-project.js";
import { parseTimestamp, printTimestamp } from "../../values/timestamp-text.js";
import { printValueType } from "../../values/value-type-text.js";
import { logFiles, tailName } from "../log-files.js";
import { idText } from "../row-text.js";
import { openEventIndex, type LogState } from "./event-index.js";
import { beginLog, logFolder } from "./log-folder.js";
import { rollTails } from "./roll-tails.js";
import { eachSegmentId } from "./segment-ids.js";
import { cannotWrite, createTail, headerLine, readHeader, wholeLines, writeAll } from "./tail-file.js";

/** A row as `rowText` writes it, and its id where the stream has one. */
export interface NewRow {
  readonly text: string;
  readonly id?: string;
}

export interface LoggedRow {
  readonly position: bigint;
  /** Microseconds. */
  readonly receivedAt: bigint;
  /** The id stands in the log already; then the row is not in it again, and these are the first one's position and this moment. */
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
  /** Waits until what was closed is rolled. */
  rolled(): Promise<void>;
  close(): Promise<void>;
}

interface Batch {
  readonly rows: readonly NewRow[];
  readonly resolve: (rows: readonly LoggedRow[]) => void;
  readonly reject: (error: unknown) => void;
}

const flush = promisify(fdatasync);

/**
 * Opens the log of a stream for appending. Several processes may at once: rows are numbered and written under the
 * index's lock, and flushed outside of it.
 */
export function openStreamLog(
  root: string,
  source: Source & { readonly stream: Stream },
  { clock = () => BigInt(Date.now()) * 1000n, tailBytes = 32 * 1024 * 1024 }: LogOptions = {},
): StreamLog {
  const folder = logFolder(root, source.name);
  const { schema, eventId } = source.stream;
  const idType = schema.find(({ name }) => name === eventId)?.type;
  const ids = eventId === undefined || idType === undefined ? "" : `${eventId} ${printValueType(idType)}`;
  const header = headerLine(schema);
  beginLog(folder);
  const index = openEventIndex(folder);
  let tail: { readonly first: bigint; readonly descriptor: number } | undefined;
  let hasClosed = logFiles(readdirSync(folder)).filter(({ kind }) => kind === "tail").length > 1;
  let rolling: Promise<void> = Promise.resolve();
  let waiting: Batch[] = [];
  let running: Promise<void> | undefined;

  /** The descriptor of a tail. */
  function tailAt(first: bigint): number {
    if (tail?.first === first) return tail.descriptor;
    if (tail !== undefined) closeSync(tail.descriptor);
    tail = undefined;
    const descriptor = openSync(path.join(folder, tailName(first)), "r+");
    tail = { first, descriptor };
    return descriptor;
  }

  /** The rows of a tail after `state`, which a process wrote and did not come to note; the last line, cut short, is removed. */
  function takeNote(state: LogState): LogState {
    const file = path.join(folder, tailName(state.tail));
    const descriptor = tailAt(state.tail);
    const { text, end } = wholeLines(descriptor, state.bytes);
    let { position, receivedAt, header } = state;
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const row = parseLine(file, line);
      if ("_schema" in row) {
        header = `${line}\n`;
        continue;
      }
      position++;
      if (BigInt(row["_position"] as number | string) !== position)
        throw new SkewproofError("corrupt", `${file} has no row ${position} where it should stand. Restore it from a copy.`);
      receivedAt = parseTimestamp(String(row["_received_at"])) ?? receivedAt;
      const id = eventId === undefined ? undefined : row[eventId];
      if (id !== undefined) index.put(idText(id), position);
    }
    if (fstatSync(descriptor).size > end) ftruncateSync(descriptor, end);
    return { ...state, position, receivedAt, header, bytes: end };
  }

  /** The index's state, brought to what the tail holds; undefined when the index does not fit the log. */
  function standing(): LogState | undefined {
    const state = index.state();
    if (state?.ids !== ids) return undefined;
    if (tail?.first !== state.tail && !existsSync(path.join(folder, tailName(state.tail)))) return undefined;
    const { size } = fstatSync(tailAt(state.tail));
    if (size < state.bytes) return undefined;
    return size === state.bytes ? state : takeNote(state);
  }

  /** Closes the tail and begins another; one without rows is given its new header. */
  function nextTail(state: LogState): LogState {
    fsyncSync(tailAt(state.tail));
    // What a process began that ended before it could take note of it.
    for (const { kind, name, first } of logFiles(readdirSync(folder)))
      if (kind === "tail" && first > state.tail) rmSync(path.join(folder, name));
    const first = state.position + 1n;
    hasClosed ||= first !== state.tail;
    createTail(folder, first, header);
    return { ...state, tail: first, header, bytes: Buffer.byteLength(header) };
  }

  /** Numbers and writes; undefined when the index must be rebuilt first. */
  function write(batches: readonly Batch[]): readonly (readonly LoggedRow[])[] | undefined {
    return index.exclusively(() => {
      let state = standing();
      if (state === undefined) return undefined;
      if (state.header !== header || state.bytes >= tailBytes) state = nextTail(state);
      const now = clock();
      const receivedAt = now > state.receivedAt ? now : state.receivedAt;
      const moment = printTimestamp(receivedAt);
      let { position } = state;
      const lines: string[] = [];
      const logged = batches.map(({ rows }) =>
        rows.map(({ text, id }): LoggedRow => {
          const before = id === undefined ? undefined : index.positionOf(id);
          if (before !== undefined) return { position: before, receivedAt, isDuplicate: true };
          position++;
          if (id !== undefined) index.put(id, position);
          lines.push(`{"_position":${position},"_received_at":"${moment}"${text}}\n`);
          return { position, receivedAt, isDuplicate: false };
        }),
      );
      const bytes = Buffer.from(lines.join(""));
      writeAll(tailAt(state.tail), bytes, state.bytes);
      index.setState({ ...state, position, receivedAt, bytes: state.bytes + bytes.length, ids });
      return logged;
    });
  }

  /** Makes the index anew from the log. Another process that does the same comes to the same. */
  async function rebuild(): Promise<void> {
    index.exclusively(() => {
      if (standing() === undefined) index.clear();
    });
    const files = logFiles(readdirSync(folder));
    const segments = files.flatMap((file) => (file.kind === "tail" ? [] : [file]));
    let last = { position: segments.at(-1)?.last ?? 0n, receivedAt: 0n };
    for await (const { rows, receivedAt } of eachSegmentId(root, folder, segments, eventId)) {
      last = { position: last.position, receivedAt: receivedAt > last.receivedAt ? receivedAt : last.receivedAt };
      index.exclusively(() => {
        for (const { id, position } of rows) index.put(id, position);
      });
    }
    index.exclusively(() => {
      if (index.state() !== undefined) return;
      const later = logFiles(readdirSync(folder)).filter(({ first }) => first > last.position);
      // Another process has rolled a tail since the segments were looked at: they are looked at again.
      if (later.some(({ kind }) => kind !== "tail")) return;
      if (later.length === 0) createTail(folder, last.position + 1n, header);
      const tails = later.length === 0 ? [last.position + 1n] : later.map(({ first }) => first);
      let state: LogState = { ...last, tail: 1n, bytes: 0, header: "", ids };
      for (const first of tails) {
        const next = takeNote({ ...state, position: first - 1n, tail: first, bytes: 0, header: "" });
        const isBegunInVain = next.position < first && first !== state.position + 1n;
        if (isBegunInVain) rmSync(path.join(folder, tailName(first)));
        else state = next;
      }
      index.setState(state);
    });
  }

  function roll(): void {
    hasClosed = false;
    rolling = rolling
      .then(() => rollTails(root, folder, index))
      // The tail stays as it is, and the next one that is closed tries again.
      .catch(() => undefined);
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batches = waiting;
      waiting = [];
      try {
        let logged = write(batches);
        for (let attempts = 0; logged === undefined; attempts++) {
          if (attempts > 20)
            throw new SkewproofError("unavailable", `The index of ${folder} is being rebuilt by another process; try again.`);
          await rebuild();
          logged = write(batches);
        }
        const descriptor = tail?.descriptor;
        if (hasClosed) roll();
        if (descriptor !== undefined) await flush(descriptor);
        for (const [index, { resolve }] of batches.entries()) resolve(logged[index] ?? []);
      } catch (error) {
        const told = error instanceof SkewproofError ? error : cannotWrite(error);
        for (const { reject } of batches) reject(told);
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
    async rolled() {
      await running;
      roll();
      await rolling;
    },
    async close() {
      await running;
      await rolling;
      if (tail !== undefined) closeSync(tail.descriptor);
      await index.close();
    },
  };

  function parseLine(file: string, line: string): Readonly<Record<string, unknown>> {
    try {
      return JSON.parse(line) as Readonly<Record<string, unknown>>;
    } catch (error) {
      throw new SkewproofError("corrupt", `${file} has a line that is no row: ${line.slice(0, 80)}. Restore it from a copy.`, {
        cause: error,
      });
    }
  }
}
