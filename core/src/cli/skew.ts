import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerSkew(program: Command): void {
  program
    .command("skew")
    .description("Recompute what was served, as training would compute it, and say whether they are equal, and why not.")
    .requiredOption("--service <name>", "feature service")
    .option("--log <dir>", "the served log; default the project's own")
    .option("--since <moment>", "only what was served at this moment or later, ISO 8601")
    .option("--until <moment>", "only what was served before this moment")
    .addHelpText("after", "\nExample:\n  skewproof skew --service late_flight --since 2001-06-01T00:00:00Z")
    .action(act(skew));
}

interface Options {
  readonly service: string;
  readonly log?: string;
  readonly since?: string;
  readonly until?: string;
}

async function skew(invocation: Invocation, options: Options): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { runSkew } = await import("../skew/node/run-skew.js");
  const { parseMoment } = await import("../values/parse-moment.js");
  const { skewText } = await import("../skew/skew-text.js");
  const report = await runSkew(await loadValidProject(findProject(invocation.projectDir)), {
    service: options.service,
    ...(options.log === undefined ? {} : { log: invocation.path(options.log) }),
    ...(options.since === undefined ? {} : { since: parseMoment(options.since, "--since") }),
    ...(options.until === undefined ? {} : { until: parseMoment(options.until, "--until") }),
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  invocation.result(report, skewText(report));
  return report.different === 0 ? 0 : 1;
}
