import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { SkewproofError } from "../../errors.js";
import { isAlive } from "../../processes/node/is-alive.js";

/**
 * Moves finished files (or folders) to their places as one: of two that publish the same at once the later wins,
 * whole. The first of `moves` names the lock. Each is [temporary, final]; what stood there is replaced.
 */
export async function publish(moves: readonly (readonly [string, string])[]): Promise<void> {
  const lock = `${moves[0]?.[1] ?? ""}.lock`;
  await acquire(lock);
  try {
    for (const [temporary, final] of moves) {
      if (existsSync(final) && statSync(final).isDirectory()) rmSync(final, { recursive: true });
      renameSync(temporary, final);
    }
  } finally {
    rmSync(lock, { force: true });
  }
}

const longestWait = 10_000;

async function acquire(lock: string): Promise<void> {
  for (const end = Date.now() + longestWait; ;) {
    try {
      const file = openSync(lock, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    else if (Date.now() > end)
      throw new SkewproofError(
        "unavailable",
        `${lock} is held by another process. Remove it if no training set is being written there.`,
      );
    await sleep(20);
  }
}

/** Whether its holder is gone; a lock is held for milliseconds. */
function isAbandoned(lock: string): boolean {
  const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
  return holder > 0 && !isAlive(holder);
}
