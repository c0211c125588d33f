import type { Command } from "commander";

import type { SkewReport } from "../skew/skew-report.js";
import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerSkew(program: Command): void {
  program
    .command("skew")
    .description("Recompute what was served, as training would compute it, and say whether they are equal.")
    .requiredOption("--service <name>", "feature service")
    .option("--log <dir>", "the served log; default the project's own")
    .option("--since <moment>", "only what was served at this moment or later, ISO 8601")
    .addHelpText("after", "\nExample:\n  skewproof skew --service late_flight --since 2001-06-01T00:00:00Z")
    .action(act(skew));
}

async function skew(
  invocation: Invocation,
  options: { readonly service: string; readonly log?: string; readonly since?: string },
): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { runSkew } = await import("../skew/node/run-skew.js");
  const { parseMoment } = await import("../values/parse-moment.js");
  const report = await runSkew(await loadValidProject(findProject(invocation.projectDir)), {
    service: options.service,
    ...(options.log === undefined ? {} : { log: invocation.path(options.log) }),
    ...(options.since === undefined ? {} : { since: parseMoment(options.since, "--since") }),
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  invocation.result(report, skewText(report));
  return report.different === 0 ? 0 : 1;
}

function skewText(report: SkewReport): string {
  const wrong = report.features.filter(({ different }) => different > 0);
  const lines = [
    `Training and serving differ in ${wrong.length} of ${report.features.length} features: ${report.compared} served rows compared, ${report.equal} equal, ${report.different} different${report.asOf === null ? "" : `, until ${report.asOf}`}.`,
  ];
  if (report.otherDefinitions > 0)
    lines.push(`${report.otherDefinitions} rows were served under other definitions and are not compared.`);
  if (report.unreadable > 0) lines.push(`${report.unreadable} lines of the log could not be read.`);
  if (wrong.length > 0) {
    const rows = wrong.flatMap(({ feature, examples }) =>
      examples
        .slice(0, 3)
        .map((one) => [
          feature,
          one.at,
          JSON.stringify(one.entities),
          JSON.stringify(one.served),
          JSON.stringify(one.recomputed),
        ]),
    );
    lines.push("", table(["feature", "at", "entity", "served", "recomputed"], rows));
  }
  return lines.join("\n");
}
