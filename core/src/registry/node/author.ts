import { spawnSync } from "node:child_process";
import { userInfo } from "node:os";

import type { AuditEntry } from "../audit.js";

/** Who acts: the name given, git's `user.email` in that folder, or the system's user. */
export function findAuthor(root: string, given?: string): { name: string; from: AuditEntry["by_from"] } {
  if (given !== undefined) return { name: given, from: "option" };
  const git = spawnSync("git", ["config", "user.email"], { cwd: root, encoding: "utf8" });
  const email = git.status === 0 ? git.stdout.trim() : "";
  return email === "" ? { name: systemUser(), from: "system" } : { name: email, from: "git" };
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have a number and no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
