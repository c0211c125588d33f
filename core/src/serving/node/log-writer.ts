import { closeSync, fdatasync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";

import { writeWhole } from "../../files/node/durable.js";
import type { Value } from "../../values/value.js";
import type { LogHeader } from "../feature-log-header.js";
import { lineEncoder } from "../feature-log-line.js";
import { finishTail, takeInTails, thisWriter } from "./log-segments.js";

export interface LogWriterOptions {
  readonly folder: string;
  readonly name: string;
  readonly header: LogHeader;
  /** Bytes and milliseconds after which a tail becomes a Parquet file. */
  readonly rollBytes: number;
  readonly rollMillis: number;
  /** Rows that stand in the file now. */
  readonly written: (rows: number) => void;
  /** A tail became a Parquet file. */
  readonly finished: () => void;
  readonly failed: (error: unknown) => void;
}

/** Writes one service's log. Called by one thread, which does nothing else. */
export interface TailWriter {
  readonly add: (cells: readonly Value[]) => void;
  /** Counts rows that nobody will see. */
  readonly lose: (rows: number) => void;
  /** Writes what was added; rows that the disk does not take stay for the next time. */
  readonly flush: () => void;
  readonly close: () => Promise<void>;
}

const syncMillis = 500;

/** Rows written as one: what a disk that is nearly full takes or refuses. */
const mostRowsOfWrite = 1000;

interface Tail {
  readonly file: string;
  readonly descriptor: number;
  readonly opened: number;
  size: number;
}

export function openTailWriter(options: LogWriterOptions): TailWriter {
  const { folder, name, header, rollBytes, rollMillis } = options;
  const encode = lineEncoder(header.columns);
  const lostFile = path.join(folder, `${name}.lost`);
  let lostDescriptor: number | undefined;
  let lost = 0;
  let toldLost: number | undefined;

  let lines: string[] = [];
  let tail: Tail | undefined;
  let number = 0;
  let synced = Date.now();
  let syncing = false;
  const unfinished = new Set<string>();
  let finishing: Promise<void> = takeInTails(folder).catch(options.failed);

  /** Its bytes are taken from the disk before anything is lost: when the disk is full they can still be written over. */
  function writeLost(): void {
    if (toldLost === lost) return;
    try {
      mkdirSync(folder, { recursive: true });
      lostDescriptor ??= openSync(lostFile, "w");
      writeSync(lostDescriptor, `${String(lost).padStart(15, "0")}\n`, 0);
      toldLost = lost;
    } catch (error) {
      options.failed(error);
    }
  }

  function openTail(): Tail {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${name}-${String(number).padStart(6, "0")}.ndjson`);
    const descriptor = openSync(file, "wx", 0o600);
    const opened: Tail = { file, descriptor, opened: Date.now(), size: 0 };
    number++;
    try {
      append(opened, `${JSON.stringify({ header, writer: thisWriter })}\n`);
    } catch (error) {
      closeSync(descriptor);
      rmSync(file, { force: true });
      throw error;
    }
    return opened;
  }

  /** All of the text or none of it. */
  function append(to: Tail, text: string): void {
    to.size += writeWhole(to.descriptor, text, to.size);
  }

  function flush(): void {
    writeLost();
    try {
      while (lines.length > 0) {
        tail ??= openTail();
        const some = lines.slice(0, mostRowsOfWrite);
        append(tail, some.join(""));
        lines = lines.slice(mostRowsOfWrite);
        options.written(some.length);
      }
    } catch (error) {
      options.failed(error);
    }
    if (tail === undefined) return;
    const now = Date.now();
    if (!syncing && now - synced >= syncMillis) {
      syncing = true;
      synced = now;
      const { descriptor } = tail;
      fdatasync(descriptor, () => (syncing = false));
    }
    if (tail.size >= rollBytes || now - tail.opened >= rollMillis) roll();
  }

  function roll(): void {
    if (tail === undefined) return;
    unfinished.add(tail.file);
    const { descriptor } = tail;
    tail = undefined;
    fdatasync(descriptor, () => closeSync(descriptor));
    finish();
  }

  /** Tails whose Parquet file could not be written are tried again with the next one. */
  function finish(): void {
    finishing = finishing.then(async () => {
      for (const file of [...unfinished])
        try {
          await finishTail(file, header);
          unfinished.delete(file);
          options.finished();
        } catch (error) {
          options.failed(error);
        }
    });
  }

  return {
    add(cells) {
      lines.push(encode(cells));
    },
    lose(rows) {
      lost += rows;
      writeLost();
    },
    flush,
    async close() {
      flush();
      if (lines.length > 0) {
        lost += lines.length;
        writeLost();
      }
      roll();
      finish();
      await finishing;
      if (lostDescriptor !== undefined) closeSync(lostDescriptor);
      if (lost === 0) rmSync(lostFile, { force: true });
    },
  };
}
