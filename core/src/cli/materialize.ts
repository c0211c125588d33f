import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerMaterialize(program: Command): void {
  program
    .command("materialize")
    .description("Bring the online store up to a moment. Incremental; repeats and crashes are harmless.")
    .argument("[views...]", "feature views; default all that are online")
    .option("--until <moment>", "ISO 8601; default now")
    .addHelpText("after", "\nExample:\n  skewproof materialize origin_traffic --until 2001-06-01T07:00:00Z")
    .action(act(run));
}

async function run(invocation: Invocation, views: readonly string[], options: { readonly until?: string }): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { materialize } = await import("../online/node/materialize.js");
  const { parseMoment } = await import("../values/parse-moment.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const until = options.until === undefined ? BigInt(Date.now()) * 1000n : parseMoment(options.until, "--until");
  const report = await materialize(loaded, {
    ...(views.length === 0 ? {} : { views }),
    until,
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  invocation.result(
    report,
    report.views.map(({ view, rows, keys, until: mark }) => `${view}: ${rows} new rows, ${keys} keys, until ${mark}`).join("\n"),
  );
  return 0;
}
