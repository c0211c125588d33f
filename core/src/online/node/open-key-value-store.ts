import path from "node:path";

import type { LoadedProject } from "../../registry/node/load-project.js";
import type { OnlineStore } from "../key-value-store.js";

/**
 * The project's online store. An embedded one that is opened for reading throws `missing` where nothing was materialized; a
 * remote one connects in the background and is there at once. Passwords are taken from the environment. Throws `usage`
 * for settings that make no sense.
 */
export async function openKeyValueStore(
  { root, project: { online } }: LoadedProject,
  options: { readonly readOnly: boolean },
): Promise<OnlineStore> {
  // What a store needs is loaded where it is used.
  if (online.store === "redis") {
    const [{ redisSettings }, { openRedisKeyValueStore }] = await Promise.all([
      import("./redis-settings.js"),
      import("./redis-key-value-store.js"),
    ]);
    return openRedisKeyValueStore(redisSettings(online, root, process.env), options);
  }
  const { openLmdbKeyValueStore } = await import("./lmdb-key-value-store.js");
  return openLmdbKeyValueStore(path.resolve(root, online.path ?? ".skewproof/online"), options);
}
