import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { SkewproofError } from "../../errors.js";
import { isAlive } from "./is-alive.js";

/** Milliseconds that another may hold the lock. */
const patience = 10_000;

/**
 * Runs `work` (`what`, for the message) while no other process on this lock file does. A lock whose process has ended is
 * taken over. Throws `unavailable` when the holder does not let go.
 */
export async function withLock<T>(file: string, what: string, work: () => T | Promise<T>): Promise<T> {
  for (const until = Date.now() + patience; !create(file);) {
    takeOver(file);
    if (Date.now() > until)
      throw new SkewproofError(
        "unavailable",
        `Another ${what} is under way: ${file} is held by ${readHolder(file) ?? "a process that ended just now"}. Try again; if none runs, remove that file.`,
      );
    await sleep(20);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

const self = (): string => `${process.pid} on ${hostname()}`;

function create(file: string): boolean {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, self(), { flag: "wx" });
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // Made and not written, on a full disk: it would name no holder, and nobody could take it over.
    rmSync(file, { force: true });
    throw new SkewproofError("unavailable", `${file} cannot be written: ${message}. Make its folder writable.`, { cause: error });
  }
}

function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Removes the lock of a process that has ended. A lock of its own lets one process at a time judge that. */
function takeOver(file: string): void {
  const judging = `${file}.judging`;
  if (!create(judging)) return;
  try {
    const [pid, host] = (readHolder(file) ?? "").split(" on ");
    if (host === hostname() && !isAlive(Number(pid))) rmSync(file, { force: true });
  } finally {
    rmSync(judging, { force: true });
  }
}
