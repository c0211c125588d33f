import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";

import { readRemembered, remember } from "./remembered.js";

/** SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal. */
export function digestText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** SHA-256 of a file, read as a stream, in lower-case hexadecimal. */
export async function digestFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

interface Digested {
  readonly state: string;
  readonly sha256: string;
}

/**
 * SHA-256 of files that are large and rest: one that looks as when it was last digested (size, time, inode) is not read
 * again. `root` is the project's; what was digested is remembered in `.skewproof/digests.json`.
 */
export async function digestRestingFiles(root: string, files: readonly string[]): Promise<string[]> {
  const place = path.join(root, ".skewproof", "digests.json");
  const known = readRemembered<Digested>(place);
  const fresh: Record<string, Digested> = {};
  const digests = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs, ino } = statSync(file);
      const state = `${size} ${mtimeMs} ${ino}`;
      const remembered = known[file];
      if (remembered?.state === state) return remembered.sha256;
      const sha256 = await digestFile(file);
      // A file written this moment may change once more without its time moving.
      if (Date.now() - mtimeMs > 2000) fresh[file] = { state, sha256 };
      return sha256;
    }),
  );
  remember(place, fresh);
  return digests;
}
