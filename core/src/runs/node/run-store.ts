import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { didYouMean } from "../../values/nearest-name.js";
import { canonicalJson } from "../canonical-json.js";
import type { RunManifest } from "../run-manifest.js";

export const runFolder = (root: string, id: string): string => path.join(root, ".skewproof", "runs", id);

/** Written last and by a rename: a run without a manifest was cut off. */
export function writeManifest(root: string, manifest: RunManifest): void {
  const folder = runFolder(root, manifest.id);
  mkdirSync(folder, { recursive: true });
  const temporary = path.join(folder, `manifest.json.${process.pid}`);
  writeFileSync(temporary, canonicalJson(manifest));
  renameSync(temporary, path.join(folder, "manifest.json"));
}

/** All runs, oldest first. */
export function listRuns(root: string): RunManifest[] {
  const folder = path.join(root, ".skewproof", "runs");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .filter((id) => existsSync(path.join(folder, id, "manifest.json")))
    .map((id) => readRun(root, id));
}

/** The manifest of a run; throws `usage` for an unknown id, `corrupt` for a damaged manifest. */
export function readRun(root: string, id: string): RunManifest {
  const file = path.join(runFolder(root, path.basename(id)), "manifest.json");
  if (!existsSync(file)) {
    const ids = listRuns(root).map((run) => run.id);
    throw new SkewproofError(
      "usage",
      `There is no run ${id}.${didYouMean(id, ids)}${ids.length === 0 ? " Nothing was run yet." : ""}`,
    );
  }
  try {
    // Our own form.
    return JSON.parse(readFileSync(file, "utf8")) as RunManifest;
  } catch (error) {
    throw new SkewproofError("corrupt", `${file} is damaged; remove the run's folder.`, { cause: error });
  }
}
