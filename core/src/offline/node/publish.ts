import { existsSync, renameSync, rmSync, statSync } from "node:fs";

import { withLock } from "../../processes/node/with-lock.js";

/**
 * Moves finished files (or folders) to their places as one: of two that publish the same at once the later wins,
 * whole. The first of `moves` names the lock. Each is [temporary, final]; what stood there is replaced.
 */
export async function publish(moves: readonly (readonly [string, string])[]): Promise<void> {
  await withLock(`${moves[0]?.[1] ?? ""}.lock`, "training set of that name", () => {
    for (const [temporary, final] of moves) {
      if (existsSync(final) && statSync(final).isDirectory()) rmSync(final, { recursive: true });
      renameSync(temporary, final);
    }
  });
}
