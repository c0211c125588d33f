import { linkSync, mkdirSync, rmSync, statSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";

import { open, type RootDatabase } from "lmdb";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import { faultInHeader, faultInPages } from "./lmdb-file-check.js";

type Database = RootDatabase<Buffer, Buffer>;

export const checksumSize = 4;
/** LMDB's own size for 126 readers is 8 kB; it takes a longer one as room for more. */
const lockFileSize = 65_536;

/** The checksum is of the name too, so that a damaged page never gives another key's value. */
export function isIntact(name: Buffer, stored: Buffer): boolean {
  const size = stored.length - checksumSize;
  return size >= 0 && crc32(stored.subarray(0, size), crc32(name)) === stored.readUInt32LE(size);
}

export function openLmdbFile(file: string, readOnly: boolean): Database {
  const size = statSync(file, { throwIfNoEntry: false })?.size || undefined;
  if (readOnly && size === undefined)
    throw new SkewproofError("missing", `Nothing is materialized in ${path.dirname(file)} yet. Run \`skewproof materialize\`.`);
  let database: Database | undefined;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    if (size !== undefined) refuse(file, faultInHeader(file));
    makeLockFile(`${file}-lock`);
    database = open<Buffer, Buffer>({
      path: file,
      readOnly,
      encoding: "binary",
      keyEncoding: "binary",
      noMemInit: true,
    });
    if (size !== undefined) {
      const snapshot = database.useReadTransaction();
      try {
        const fault = faultInPages(file, (name, stored) =>
          isIntact(name, stored) ? undefined : "a value is not what was written",
        );
        refuse(file, fault);
      } finally {
        snapshot.done();
      }
    }
    return database;
  } catch (error) {
    void database?.close();
    throw isSkewproofError(error) ? error : storeFailure(file, "open", error);
  }
}

function refuse(file: string, fault: string | undefined): void {
  if (fault !== undefined) throw damagedFile(file, fault);
}

export function damagedFile(file: string, what: string): SkewproofError {
  return new SkewproofError(
    "failed",
    `The online store ${file} is damaged: ${what}. Stop what has it open, remove the folder ${path.dirname(file)}, and run \`skewproof materialize --full\`.`,
  );
}

export function storeFailure(file: string, doing: string, error: unknown): SkewproofError {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) };
  // LMDB's own codes for a page that is not there, has another type, or breaks a transaction.
  if ([-30_797, -30_796, -30_793, -30_782].includes(Number(code))) return damagedFile(file, message);
  return new SkewproofError("failed", `Could not ${doing} the online store ${file}: ${message}.${spaceLeft(file)}`, {
    cause: error,
  });
}

/** LMDB reports a full disk as an input/output error. */
function spaceLeft(file: string): string {
  try {
    const { bavail, bsize } = statfsSync(path.dirname(file));
    return bavail * bsize < 64 * 2 ** 20 ? " The disk is full: make room and run it again. What stood still stands." : "";
  } catch {
    return "";
  }
}

/**
 * LMDB maps its lock file into memory, and a hole in it that a full disk cannot fill ends the process: so it is made here,
 * whole. By a link, since a file that another process has made meanwhile must not be written to.
 */
function makeLockFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  const temporary = `${file}.${process.pid}`;
  try {
    writeFileSync(temporary, Buffer.alloc(lockFileSize));
    linkSync(temporary, file);
  } catch (error) {
    // Made by another process; or nothing can be written here, and LMDB reads without a lock.
    if (!["EEXIST", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
