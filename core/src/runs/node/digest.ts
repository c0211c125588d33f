import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";

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

type Remembered = Readonly<Record<string, { readonly state: string; readonly sha256: string }>>;

/**
 * SHA-256 of files that are large and rest: one that looks as when it was last digested (size, time, inode) is not read
 * again. `root` is the project's; what was digested is remembered in `.skewproof/digests.json`.
 */
export async function digestRestingFiles(root: string, files: readonly string[]): Promise<string[]> {
  const place = path.join(root, ".skewproof", "digests.json");
  const known = readRemembered(place);
  const fresh: Record<string, Remembered[string]> = {};
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
  if (Object.keys(fresh).length > 0) {
    mkdirSync(path.dirname(place), { recursive: true });
    const temporary = `${place}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify({ ...readRemembered(place), ...fresh }));
    renameSync(temporary, place);
  }
  return digests;
}

function readRemembered(place: string): Remembered {
  if (!existsSync(place)) return {};
  try {
    // Our own file, renamed into place.
    return JSON.parse(readFileSync(place, "utf8")) as Remembered;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
