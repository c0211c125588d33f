import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What was found out once, by what it was found out of, in a JSON file of ours; a damaged file counts as none. */
export function readRemembered<T>(file: string): Readonly<Record<string, T>> {
  if (!existsSync(file)) return {};
  try {
    // Our own file, renamed into place.
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, T>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Adds to it; of two that do so at once the later wins, whose loss is only work done again. */
export function remember<T>(file: string, found: Readonly<Record<string, T>>): void {
  if (Object.keys(found).length === 0) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify({ ...readRemembered<T>(file), ...found }));
  renameSync(temporary, file);
}
