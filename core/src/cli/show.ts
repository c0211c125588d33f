import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerShow(program: Command): void {
  program
    .command("show")
    .description("Show one thing: meaning, owner, lineage from source column to model version, consumers.")
    .argument(
      "<reference...>",
      "source, source.column, view, view.feature, service, model, model@version; where names coincide, its kind first",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  skewproof show airport_traffic.delay_mean_1d\n  skewproof show flights.delay\n  skewproof show model late_flight",
    )
    .action(act(show));
}

async function show(invocation: Invocation, reference: readonly string[]): Promise<number> {
  const { findProject, loadProject } = await import("../registry/node/load-project.js");
  const { readModelReaders } = await import("../registry/node/model-readers.js");
  const { showReference } = await import("../registry/show-reference.js");
  const { project, root } = await loadProject(findProject(invocation.projectDir));
  const { document, text } = showReference(project, readModelReaders(root, "all"), reference.join(" "));
  invocation.result(document, text);
  return 0;
}
