import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerApply(program: Command): void {
  program
    .command("apply")
    .description("Record the definitions as applied: who, when, what, and whose approval.")
    .option("--approve <owner...>", "owners who approve the breaking changes of what they own")
    .option("--by <name>", "who applies (default: git's user.email, or the system's user)")
    .addHelpText("after", "\nExample:\n  skewproof apply --approve risk@example.com network-ops@example.com")
    .action(act(apply));
}

async function apply(
  invocation: Invocation,
  { approve = [], by }: { readonly approve?: readonly string[]; readonly by?: string },
): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { applyProject } = await import("../registry/node/apply-project.js");
  const { findAuthor } = await import("../registry/node/author.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const author = findAuthor(loaded.root, by);
  const { entry, digest } = await applyProject(loaded, { by: author, approvals: approve, now: new Date() });
  const short = digest.slice(0, 12);
  if (entry === null) {
    invocation.result({ applied: false, digest }, `${loaded.project.name}: ${short} is applied already; nothing changed.`);
    return 0;
  }
  const { added, changed, removed, breaking } = entry.changes;
  const approvals = entry.approvals.length === 0 ? "" : ` Approved by ${entry.approvals.join(", ")}.`;
  invocation.result(
    { applied: true, ...entry },
    `${loaded.project.name}: applied ${short} by ${entry.by}: ${added} added, ${changed} changed, ${removed} removed, ${breaking} breaking.${approvals}`,
  );
  return 0;
}
