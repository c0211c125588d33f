import type { LoadedProject } from "../../registry/node/load-project.js";
import { openPusher, type Pusher, type PushOptions } from "../../streams/node/push-rows.js";
import type { OnlineStore } from "../key-value-store.js";
import { onlineViewsOf, streamApplier } from "./apply-stream.js";
import { openKeyValueStore } from "./open-key-value-store.js";

/**
 * Opens a stream for pushing: rows are durable in its log and visible online when `push` resolves. `store` is one that is
 * open already; without it the project's is opened, and closed with the pusher. Throws `missing` and `usage` as `openPusher`.
 */
export async function openOnlinePusher(
  loaded: LoadedProject,
  sourceName: string,
  options: PushOptions & { readonly store?: OnlineStore } = {},
): Promise<Pusher> {
  const source = loaded.project.sources.get(sourceName);
  if (source === undefined || onlineViewsOf(loaded.project, sourceName).length === 0)
    return openPusher(loaded, sourceName, options);
  const own = options.store === undefined ? await openKeyValueStore(loaded, { readOnly: false }) : undefined;
  const store = options.store ?? own;
  const pusher = openPusher(loaded, sourceName, {
    ...options,
    ...(store === undefined ? {} : { apply: streamApplier(loaded, store, source).apply }),
  });
  return {
    ...pusher,
    get waiting() {
      return pusher.waiting;
    },
    async close() {
      await pusher.close();
      await own?.close();
    },
  };
}
