import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** Puts a file's bytes on disk. */
export function syncFile(file: string): void {
  sync(file, "r+");
}

/** Puts a folder's names on disk. Windows has no handle of a folder to sync, and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform !== "win32") sync(folder, "r");
}

function sync(file: string, flag: string): void {
  const descriptor = openSync(file, flag);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes all of a text at a place and returns its bytes, or takes back what was written and throws what the system said. */
export function writeWhole(descriptor: number, text: string, at: number): number {
  const bytes = Buffer.from(text);
  try {
    for (let written = 0; written < bytes.length;)
      written += writeSync(descriptor, bytes, written, bytes.length - written, at + written);
    return bytes.length;
  } catch (error) {
    ftruncateSync(descriptor, at);
    throw error;
  }
}
