import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";

import { syncFile, syncFolder } from "../../files/node/durable.js";
import { identifier, stringLiteral } from "../../offline/sql.js";
import { isAlive } from "../../processes/node/is-alive.js";
import { withLock } from "../../processes/node/with-lock.js";
import { isSkewproofError } from "../../errors.js";
import type { LogHeader } from "../feature-log-header.js";
import { tailColumns } from "../feature-log-line.js";

/** Who writes a tail; another process of the same id is told apart by when it started. */
export interface LogWriter {
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly started: number;
}

export const thisWriter: LogWriter = {
  host: hostname(),
  pid: process.pid,
  started: Math.round(Date.now() - process.uptime() * 1000),
};

/**
 * The files of one service's log. `WRITER-NUMBER.parquet` is finished; `WRITER-NUMBER.ndjson` is a tail: a header line,
 * then a line per row. Where both stand, the Parquet file holds all that the tail does. `WRITER.lost` counts rows that
 * could not be logged. Names sort by time.
 */
export interface LogFiles {
  readonly finished: readonly string[];
  readonly tails: readonly string[];
  readonly lost: readonly string[];
}

export function listLog(folder: string): LogFiles {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const ending = (end: string): string[] => names.filter((name) => name.endsWith(end)).map((name) => path.join(folder, name));
  const finished = ending(".parquet");
  const tails = ending(".ndjson").filter((file) => !finished.includes(file.replace(/ndjson$/, "parquet")));
  return { finished, tails, lost: ending(".lost") };
}

/** The first line of a tail; undefined for one that was cut before it was whole. */
export function readTailHeader(file: string): { readonly header: LogHeader; readonly writer: LogWriter } | undefined {
  const descriptor = openSync(file, "r");
  try {
    let text = "";
    const buffer = Buffer.alloc(256 * 1024);
    for (let at = 0; !text.includes("\n");) {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, at);
      if (bytes === 0) return undefined;
      text += buffer.toString("utf8", 0, bytes);
      at += bytes;
    }
    // The writer's own form; a tail without it was damaged.
    const first = JSON.parse(text.slice(0, text.indexOf("\n"))) as {
      readonly header?: LogHeader;
      readonly writer?: LogWriter;
    };
    return first.header === undefined || first.writer === undefined ? undefined : { header: first.header, writer: first.writer };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** SQL of a tail's rows in the log's columns; lines that are no rows are left out, the torn last one among them. */
export function tailRelation(file: string, { columns, definitions }: LogHeader): string {
  const { json, sql } = tailColumns(columns);
  const named = columns.map(({ name }, index) => `${sql[index] ?? "NULL"} AS ${identifier(name)}`);
  return `(SELECT ${[...named, `${stringLiteral(definitions)} AS definitions`].join(", ")} FROM ${tailLines(file, json)} WHERE c0 IS NOT NULL)`;
}

/** How many lines of a tail are no rows; a last line without its end is none yet. */
export function unreadableLines(file: string, { columns }: LogHeader): string {
  const bad = `SELECT count(*) FROM ${tailLines(file, tailColumns(columns).json)} WHERE c0 IS NULL AND header IS NULL`;
  return `(${bad}) - ${endsTorn(file) ? 1 : 0}`;
}

function tailLines(file: string, json: string): string {
  return `read_json(${stringLiteral(file)}, format = 'newline_delimited', ignore_errors = true, maximum_object_size = 67108864, columns = ${json})`;
}

function endsTorn(file: string): boolean {
  const { size } = statSync(file);
  const descriptor = openSync(file, "r");
  const last = Buffer.alloc(1);
  const bytes = readSync(descriptor, last, 0, 1, Math.max(0, size - 1));
  closeSync(descriptor);
  return bytes === 1 && last[0] !== 0x0a;
}

/**
 * Makes the Parquet file of a tail and removes the tail. Whatever moment it is killed at, the rows stand in one of the
 * two, and doing it again ends the work: the Parquet file appears whole, by its rename, and counts from then on.
 */
export async function finishTail(tail: string, header: LogHeader): Promise<void> {
  const target = tail.replace(/ndjson$/, "parquet");
  if (!existsSync(target)) {
    const temporary = `${target}.tmp`;
    const metadata = `KV_METADATA {skewproof: ${stringLiteral(JSON.stringify(header))}}`;
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    try {
      await connection.run("SET threads = 1");
      await connection.run("SET memory_limit = '512MB'");
      await connection.run("SET autoload_known_extensions = false");
      await connection.run(
        `COPY (SELECT * FROM ${tailRelation(tail, header)}) TO ${stringLiteral(temporary)} (FORMAT parquet, COMPRESSION zstd, ${metadata})`,
      );
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    syncFile(temporary);
    renameSync(temporary, target);
    syncFolder(path.dirname(target));
  }
  rmSync(tail, { force: true });
}

/** A tail of another machine that nobody touched for so long has no writer: a living one finishes its tail much sooner. */
const abandonedMillis = 60 * 60_000;

function hasWriter(tail: string, { host, pid, started }: LogWriter): boolean {
  if (host !== thisWriter.host) return Date.now() - statSync(tail).mtimeMs < abandonedMillis;
  // A process knows itself by its start, which is measured anew each time: to the second.
  if (pid === thisWriter.pid) return Math.abs(started - thisWriter.started) < 1000;
  return isAlive(pid);
}

/** Finishes the tails that ended processes left in a service's folder. One process at a time does; another one's turn is enough. */
export async function takeInTails(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  try {
    await withLock(path.join(folder, "taking-in.lock"), "start of a sidecar", async () => {
      for (const name of readdirSync(folder).filter((one) => one.endsWith(".ndjson"))) {
        const tail = path.join(folder, name);
        const first = readTailHeader(tail);
        if (first !== undefined && !hasWriter(tail, first.writer)) await finishTail(tail, first.header);
        // Without its first line it holds no row.
        else if (first === undefined && Date.now() - statSync(tail).mtimeMs > abandonedMillis) rmSync(tail, { force: true });
      }
    });
  } catch (error) {
    if (!isSkewproofError(error, "unavailable")) throw error;
  }
}

/** Removes the oldest finished segments, of all services, until the log takes at most `limit` bytes. Returns how many. */
export function keepWithin(folder: string, limit: number): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
    return found?.isFile() === true ? [{ file: path.join(folder, name), size: found.size }] : [];
  });
  let total = files.reduce((sum, { size }) => sum + size, 0);
  const oldest = files
    .filter(({ file }) => file.endsWith(".parquet"))
    .sort((a, b) => (path.basename(a.file) < path.basename(b.file) ? -1 : 1));
  let removed = 0;
  for (const { file, size } of oldest) {
    if (total <= limit) break;
    rmSync(file, { force: true });
    total -= size;
    removed++;
  }
  return removed;
}
