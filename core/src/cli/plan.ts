import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerPlan(program: Command): void {
  program
    .command("plan")
    .description("What differs from the last applied definitions, breaking changes first, and what each reaches.")
    .option("--against <digest>", "an applied digest, or the beginning of one (default: the last)")
    .addHelpText("after", "\nExit status 1: there are breaking changes.\n\nExample:\n  skewproof plan --against 3f2a91c0")
    .action(act(plan));
}

async function plan(invocation: Invocation, { against }: { readonly against?: string }): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { planProject } = await import("../registry/node/apply-project.js");
  const { formatChanges } = await import("../registry/format-plan.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const found = planProject(loaded, against);
  const breaking = found.changes.filter(({ impact }) => impact === "breaking").length;
  const since =
    found.against === null
      ? "nothing applied yet"
      : `${found.against.digest.slice(0, 12)}, applied ${found.against.at} by ${found.against.by}`;
  const { length } = found.changes;
  const summary = `${loaded.project.name}: ${length === 0 ? "no change" : `${length} change${length === 1 ? "" : "s"}, ${breaking} breaking`} against ${since}.`;
  const approvals = found.approvals.length === 0 ? "" : `\n\nTo apply, these owners must approve: ${found.approvals.join(", ")}.`;
  invocation.result({ ...found, breaking }, length === 0 ? summary : `${summary}\n\n${formatChanges(found.changes)}${approvals}`);
  return breaking === 0 ? 0 : 1;
}
