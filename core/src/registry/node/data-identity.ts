import { existsSync, globSync, statSync } from "node:fs";
import path from "node:path";

import { isArrowFile, stagedArrowFile } from "../../offline/source-relation.js";
import type { SourceLocation } from "../bound-project.js";

/**
 * A text that stays the same while the files under a location do: names, sizes, and times of change to the nanosecond.
 * Undefined where the files are not known, as for SQL that puts names together.
 */
export function dataIdentity(root: string, location: SourceLocation): string | undefined {
  const patterns = filesNamed(location);
  if (patterns === undefined || isUnstaged(root, location)) return undefined;
  const files = [...new Set(patterns.flatMap((pattern) => filesOf(root, pattern)))].sort();
  if (files.length === 0) return undefined;
  return files.map((file) => `${file} ${sizeAndTime(path.resolve(root, file))}`).join("\n");
}

/** An Arrow file is read from a copy, which a look at it makes. */
function isUnstaged(root: string, location: SourceLocation): boolean {
  if (location.kind !== "path" || !isArrowFile(location.path)) return false;
  return !existsSync(path.join(root, stagedArrowFile(location.path)));
}

/** Bytes of all files under a location; infinity where they are not known. */
export function dataSize(root: string, location: SourceLocation): number {
  const patterns = filesNamed(location);
  if (patterns === undefined) return Infinity;
  return patterns
    .flatMap((pattern) => filesOf(root, pattern))
    .reduce((sum, file) => sum + statSync(path.resolve(root, file)).size, 0);
}

/** The files and patterns that a location names; those of SQL are its texts that end as data files do. */
export function filesNamed(location: SourceLocation): readonly string[] | undefined {
  if (location.kind === "path") return [location.path];
  if (location.kind !== "query" || /\|\||\bglob\s*\(|\bconcat/i.test(location.sql)) return undefined;
  const named = [
    ...location.sql.matchAll(/'((?:[^']|'')*\.(?:parquet|csv|tsv|ndjson|jsonl|json|arrow|arrows|feather)(?:\.gz|\.zst)?)'/gi),
  ];
  return named.length === 0 ? undefined : named.map(([, file = ""]) => file.replaceAll("''", "'"));
}

function filesOf(root: string, pattern: string): string[] {
  if (!/[*?[{]/.test(pattern))
    return statSync(path.resolve(root, pattern), { throwIfNoEntry: false })?.isFile() === true ? [pattern] : [];
  return globSync(pattern, { cwd: root }).filter(
    (file) => statSync(path.resolve(root, file), { throwIfNoEntry: false })?.isFile() === true,
  );
}

function sizeAndTime(file: string): string {
  const { size, mtimeNs } = statSync(file, { bigint: true });
  return `${size} ${mtimeNs}`;
}
