import path from "node:path";

import { SkewproofError } from "../../errors.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import type { OnlineStore } from "../key-value-store.js";

/** The project's online store. */
export async function openKeyValueStore(
  { root, project: { online } }: LoadedProject,
  options: { readonly readOnly: boolean },
): Promise<OnlineStore> {
  if (online.store === "redis") throw new SkewproofError("usage", "not merged");
  const { openLmdbKeyValueStore } = await import("./lmdb-key-value-store.js");
  return openLmdbKeyValueStore(path.resolve(root, online.path ?? ".skewproof/online"), options);
}
