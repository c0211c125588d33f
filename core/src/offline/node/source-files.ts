import { existsSync, globSync, statSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import type { Source } from "../../registry/bound-project.js";
import { digestRestingFiles } from "../../runs/node/digest.js";
import type { SeenStream } from "../../streams/node/read-streams.js";
import type { SourceDigest } from "../training-set-manifest.js";

/** The files of a `path` source, or those that a query names as 'text' ending like a table file; sorted, relative to the root. */
export function sourceFiles(root: string, { location }: Source): string[] {
  const patterns =
    location.kind === "path"
      ? [location.path]
      : location.kind === "query"
        ? [...location.sql.matchAll(/'([^']+\.(?:parquet|csv|tsv|ndjson|jsonl|json)(?:\.gz|\.zst)?)'/gi)].map(
            (match) => match[1] ?? "",
          )
        : [];
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
}

export async function digestSource(root: string, source: Source, seen?: SeenStream): Promise<SourceDigest> {
  if (seen !== undefined) return { source: source.name, files: [], stream: { log: seen.log, last: String(seen.last) } };
  const files = sourceFiles(root, source);
  const digests = await digestRestingFiles(
    root,
    files.map((file) => path.resolve(root, file)),
  );
  const { location } = source;
  return {
    source: source.name,
    files: files.map((file, index) => ({ path: file, sha256: digests[index] ?? "" })),
    ...(location.kind === "query" ? { query: location.sql } : {}),
  };
}

/** Remembers what files look like, and throws `failed` from the function returned when one was changed since. */
export function watchFiles(files: readonly string[]): () => void {
  const look = (file: string): string => {
    if (!existsSync(file)) return "gone";
    const { size, mtimeMs, ino } = statSync(file);
    return `${size} ${mtimeMs} ${ino}`;
  };
  const before = new Map(files.map((file) => [file, look(file)]));
  return () => {
    for (const [file, state] of before)
      if (look(file) !== state)
        throw new SkewproofError(
          "failed",
          `${file} was changed while it was read; nothing was written. Run it again when the file rests.`,
        );
  };
}
