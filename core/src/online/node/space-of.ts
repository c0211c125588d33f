import { createHash } from "node:crypto";

import { spaceName, type OnlineView } from "../online-view.js";

/** Names the key spaces of a project's views. */
export function spacesOf(project: string): (online: OnlineView) => string {
  return (online) => spaceName(project, online, (text) => createHash("sha256").update(text).digest("hex"));
}
