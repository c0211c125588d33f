import type { Command } from "commander";

import type { ParityReport } from "../skew/parity-report.js";
import { act, type Invocation } from "./command.js";
import { table } from "./table.js";
import { wholeNumber } from "./whole-number.js";

export function registerParity(program: Command): void {
  program
    .command("parity")
    .description("Read real keys online and compute the same offline, at the same moments, and compare.")
    .requiredOption("--service <name>", "feature service")
    .option("--sample <n>", "pairs of key and moment", "1000")
    .option("--seed <n>", "draws the same pairs again; default a new one, which is told")
    .addHelpText("after", "\nExample:\n  skewproof parity --service late_flight --sample 5000")
    .action(act(parity));
}

async function parity(
  invocation: Invocation,
  options: { readonly service: string; readonly sample: string; readonly seed?: string },
): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { runParity } = await import("../skew/node/run-parity.js");
  const sample = await wholeNumber("--sample", options.sample, 1);
  const seed = options.seed === undefined ? Date.now() % 1_000_000_000 : await wholeNumber("--seed", options.seed, 0);
  const report = await runParity(await loadValidProject(findProject(invocation.projectDir)), {
    service: options.service,
    sample,
    seed,
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  invocation.result(report, parityText(report));
  return report.different === 0 ? 0 : 1;
}

function parityText(report: ParityReport): string {
  const wrong = report.features.filter(({ different }) => different > 0);
  const summary = `Online and offline differ in ${wrong.length} of ${report.features.length} features: ${report.compared} pairs of key and moment compared, ${report.equal} equal, ${report.different} different (seed ${report.seed}).`;
  if (wrong.length === 0) return summary;
  const rows = wrong.flatMap(({ feature, examples }) =>
    examples
      .slice(0, 3)
      .map((one) => [
        feature,
        one.at,
        JSON.stringify(one.entities),
        JSON.stringify(one.online),
        JSON.stringify(one.offline),
        one.operator,
        one.because,
      ]),
  );
  return `${summary}\n\n${table(["feature", "at", "entity", "online", "offline", "operator", "because"], rows)}`;
}
