import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { syncFolder, writeWhole } from "../../files/node/durable.js";
import { tailName } from "../log-files.js";

/** Makes a tail that has only its first line, on disk when it returns. */
export function createTail(folder: string, first: bigint, header: string): void {
  const descriptor = openSync(path.join(folder, tailName(first)), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    ftruncateSync(descriptor, 0);
    writeAll(descriptor, header, 0);
    fsyncSync(descriptor);
  } catch (error) {
    throw cannotWrite(error);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(folder);
}

/** Writes all of it at a place and returns its bytes, or nothing of it and throws `unavailable`. */
export function writeAll(descriptor: number, text: string, at: number): number {
  try {
    return writeWhole(descriptor, text, at);
  } catch (error) {
    throw cannotWrite(error);
  }
}

export function cannotWrite(error: unknown): SkewproofError {
  if (error instanceof SkewproofError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SkewproofError(
    "unavailable",
    `The stream's log cannot be written: ${message}. No row of this batch was acknowledged; make room on the disk and push it again.`,
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

/** The first row of the next tail, of one that is closed. */
export function nextOf(file: string): bigint | undefined {
  const descriptor = openSync(file, "r");
  try {
    const { text } = wholeLines(descriptor, Math.max(0, fstatSync(descriptor).size - 64));
    const next = /\{"_next":(\d+)\}\n$/.exec(text)?.[1];
    return next === undefined ? undefined : BigInt(next);
  } finally {
    closeSync(descriptor);
  }
}
