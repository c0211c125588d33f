import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerShow(program: Command): void {
  program
    .command("show")
    .description("Show a view, a feature, a service or a model: meaning, owner, lineage, consumers.")
    .argument("<reference>", "view, view.feature, service or model")
    .addHelpText("after", "\nExample:\n  skewproof show airport_traffic.delay_mean_1d")
    .action(act(show));
}

async function show(invocation: Invocation, reference: string): Promise<number> {
  const { findProject, loadProject } = await import("../registry/node/load-project.js");
  const { describeReference } = await import("../registry/describe-reference.js");
  const { project } = await loadProject(findProject(invocation.projectDir));
  const { document, text } = describeReference(project, reference);
  invocation.result(document, text);
  return 0;
}
