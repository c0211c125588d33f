import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerMaterialize(program: Command): void {
  program
    .command("materialize")
    .description("Bring the online store up to a moment. Incremental; repeats and crashes are harmless.")
    .argument("[views...]", "feature views; default all that are online")
    .option("--until <moment>", "ISO 8601; default now")
    .option("--full", "take every row again, and remove keys that the source no longer has")
    .option("--dry-run", "only say what would be taken")
    .addHelpText("after", "\nExample:\n  skewproof materialize origin_traffic --until 2001-06-01T07:00:00Z")
    .action(act(run));
}

interface Options {
  readonly until?: string;
  readonly full?: boolean;
  readonly dryRun?: boolean;
}

async function run(invocation: Invocation, views: readonly string[], options: Options): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { materialize } = await import("../online/node/materialize.js");
  const { parseMoment } = await import("../values/parse-moment.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const until = options.until === undefined ? BigInt(Date.now()) * 1000n : parseMoment(options.until, "--until");
  const started = performance.now();
  const report = await materialize(loaded, {
    ...(views.length === 0 ? {} : { views }),
    until,
    full: options.full === true,
    dryRun: options.dryRun === true,
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const total = report.views.reduce((sum, { rows }) => sum + rows, 0);
  const lines = report.views.map(({ view, rows, keys, until: mark, removed }) => {
    const gone = removed === undefined || removed === 0 ? "" : `, ${removed} keys removed`;
    return `${view}: ${rows} ${options.dryRun === true ? "rows to take" : "new rows"}${keys === undefined ? "" : `, ${keys} keys`}${gone}, until ${mark}`;
  });
  if (total > 0 && options.dryRun !== true)
    lines.push(
      `${total.toLocaleString("en")} rows in ${seconds.toFixed(1)} s, ${Math.round(total / seconds).toLocaleString("en")} a second.`,
    );
  if (report.collected.length > 0) lines.push(`Removed what stood of earlier definitions: ${report.collected.join(", ")}.`);
  invocation.result(report, lines.join("\n"));
  return 0;
}
