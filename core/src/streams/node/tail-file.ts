import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { parseValueType, printValueType } from "../../values/value-type-text.js";
import type { Column } from "../../values/value-type.js";
import { tailName } from "../log-files.js";

/** The first line of a tail: the columns of its rows. */
export function headerLine(columns: readonly Column[]): string {
  return `${JSON.stringify({ _schema: Object.fromEntries(columns.map(({ name, type }) => [name, printValueType(type)])) })}\n`;
}

/** The columns that a tail's first line names. Throws `corrupt` when it is none. */
export function readHeader(file: string, line: string): Column[] {
  try {
    const { _schema: schema } = JSON.parse(line) as { readonly _schema: Readonly<Record<string, string>> };
    return Object.entries(schema).map(([name, text]) => {
      const type = parseValueType(text);
      if (type === undefined) throw new Error(`${text} is no type`);
      return { name, type };
    });
  } catch (error) {
    throw new SkewproofError("corrupt", `${file} does not begin with the columns of its rows. Restore it from a copy.`, {
      cause: error,
    });
  }
}

/**
 * Makes a tail that has only its header, on disk when it returns. One that stands there without rows is written anew, in
 * its place: another process may have it open.
 */
export function createTail(folder: string, first: bigint, header: string): void {
  const descriptor = openSync(path.join(folder, tailName(first)), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    ftruncateSync(descriptor, 0);
    writeAll(descriptor, Buffer.from(header), 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(folder);
}

/** Puts a folder's names on disk. Windows has no such thing, and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes all of it at a place, or takes back what was written and throws `unavailable`. */
export function writeAll(descriptor: number, bytes: Buffer, at: number): void {
  try {
    for (let written = 0; written < bytes.length;)
      written += writeSync(descriptor, bytes, written, bytes.length - written, at + written);
  } catch (error) {
    ftruncateSync(descriptor, at);
    throw cannotWrite(error);
  }
}

export function cannotWrite(error: unknown): SkewproofError {
  const message = error instanceof Error ? error.message : String(error);
  return new SkewproofError(
    "unavailable",
    `The stream's log cannot be written: ${message}. Nothing of this batch was taken in; make room on the disk and push it again.`,
    { cause: error },
  );
}

/** The whole lines of a file from a byte on, and where the last of them ends. What follows it is a line cut short. */
export function wholeLines(descriptor: number, from: number): { readonly text: string; readonly end: number } {
  const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - from));
  let read = 0;
  for (let more = -1; more !== 0 && read < bytes.length; read += more)
    more = readSync(descriptor, bytes, read, bytes.length - read, from + read);
  const end = bytes.subarray(0, read).lastIndexOf(10) + 1;
  return { text: bytes.toString("utf8", 0, end), end: from + end };
}
