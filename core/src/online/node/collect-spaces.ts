import type { BoundProject } from "../../registry/bound-project.js";
import type { OnlineStore } from "../key-value-store.js";
import { onlineView } from "../online-view.js";
import { spacesOf } from "./space-of.js";

/** Microseconds that a space of an earlier definition stays after it was last written, for servers that still read it. */
const grace = 24n * 3_600_000_000n;

/**
 * Removes the project's key spaces that no view of it has and that nobody wrote for a day before `now` (microseconds).
 * Returns their names. Other projects' spaces are not touched.
 */
export async function collectSpaces(
  store: OnlineStore,
  project: BoundProject,
  now: bigint,
  signal?: AbortSignal,
): Promise<string[]> {
  const spaceOf = spacesOf(project.name);
  const current = new Set(
    [...project.views.values()].flatMap((view) => (view.kind === "feature_view" ? [spaceOf(onlineView(view))] : [])),
  );
  const old = [...(await store.spaces())].filter(
    ([space, record]) => record.project === project.name && !current.has(space) && record.lastUsed < now - grace,
  );
  for (const [space] of old) await store.drop(space, signal);
  return old.map(([space]) => space);
}
