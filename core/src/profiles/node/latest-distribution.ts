import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

import type { Distribution } from "../../views/view.js";
import type { Profile } from "../profile.js";

/** How a feature was distributed in the newest training set, of any of these services, that holds it; files only, nothing is computed. */
export function latestDistribution(root: string, services: readonly string[], feature: string): Distribution | null {
  const profiles = globSync(".skewproof/{,runs/*/,training-sets/}*.profile.json", { cwd: root })
    .map((file) => ({ file, time: statSync(path.join(root, file)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { file, time } of profiles) {
    const manifest = path.join(root, file.replace(/profile\.json$/, "manifest.json"));
    if (!existsSync(manifest)) continue;
    try {
      // Both are our own files; one that is damaged is passed over.
      const { service } = JSON.parse(readFileSync(manifest, "utf8")) as { service: string };
      if (!services.includes(service)) continue;
      const { rows, columns } = JSON.parse(readFileSync(path.join(root, file), "utf8")) as Profile;
      const column = columns.find(({ name }) => name === feature);
      if (column !== undefined) return { file, asOf: new Date(time).toISOString(), rows, column };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}
