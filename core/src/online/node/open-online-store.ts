import path from "node:path";

import { SkewproofError } from "../../errors.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { openLmdbStore, type LmdbStore } from "./lmdb-store.js";

/** The project's online store. */
export function openOnlineStore({ root, project }: LoadedProject, options: { readonly readOnly: boolean }): LmdbStore {
  if (project.online.store !== "lmdb")
    throw new SkewproofError(
      "usage",
      `The online store ${project.online.store} is not available in this version; use \`online: { store: lmdb }\`.`,
    );
  return openLmdbStore(path.resolve(root, project.online.path ?? ".skewproof/online"), options);
}
