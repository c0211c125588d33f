import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Where a stream's log stands. */
export const logFolder = (root: string, source: string): string => path.join(root, ".skewproof", "streams", source);

/** What tells a log from any other; empty for one that was never begun. Row numbers mean something together with it. */
export function logId(folder: string): string {
  try {
    return readFileSync(path.join(folder, "id"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Makes the folder of a log, with its id. */
export function beginLog(folder: string): void {
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path.join(folder, "id"), randomUUID(), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
