import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerDrift(program: Command): void {
  program
    .command("profile")
    .description("Profile a table: counts, nulls, moments, and bins that later data are counted by.")
    .argument("<file>", "Parquet, CSV or NDJSON")
    .requiredOption("--out <file>", "the profile, .json")
    .addHelpText("after", "\nExample:\n  skewproof profile training.parquet --out training.profile.json")
    .action(act(profile));
  program
    .command("drift")
    .description("Compare a table or profile with a reference, feature by feature.")
    .requiredOption("--reference <file>", "profile (.json) or table")
    .requiredOption("--current <file>", "profile (.json) or table")
    .option("--statistic <id...>", "psi.v1, jensen-shannon.v1; default both")
    .addHelpText("after", "\nExample:\n  skewproof drift --reference training.parquet.profile.json --current june.parquet")
    .action(act(drift));
}

async function profile(invocation: Invocation, file: string, options: { readonly out: string }): Promise<number> {
  const { renameSync, writeFileSync } = await import("node:fs");
  const { default: path } = await import("node:path");
  const { readOrProfile } = await import("../drift/node/run-drift.js");
  const { canonicalJson } = await import("../runs/canonical-json.js");
  const found = await readOrProfile(path.dirname(invocation.path(file)), invocation.path(file), undefined, invocation.signal);
  const out = invocation.path(options.out);
  writeFileSync(`${out}.${process.pid}.tmp`, canonicalJson(found));
  renameSync(`${out}.${process.pid}.tmp`, out);
  invocation.result(found, `${options.out}: ${found.rows} rows, ${found.columns.length} columns.`);
  return 0;
}

async function drift(
  invocation: Invocation,
  options: { readonly reference: string; readonly current: string; readonly statistic?: readonly string[] },
): Promise<number> {
  const { default: path } = await import("node:path");
  const { runDrift } = await import("../drift/node/run-drift.js");
  const [reference, current] = [invocation.path(options.reference), invocation.path(options.current)];
  const report = await runDrift(path.dirname(current), {
    reference,
    current,
    signal: invocation.signal,
    ...(options.statistic === undefined ? {} : { statistics: options.statistic }),
  });
  const drifted = report.features.filter(({ verdict }) => verdict === "moderate" || verdict === "large");
  const ids = report.features[0]?.statistics.map(({ id }) => id) ?? [];
  const rows = report.features.map(({ feature, verdict, statistics }) => [
    feature,
    ...statistics.map(({ value }) => (value === null ? "–" : value.toFixed(4))),
    verdict,
  ]);
  const sentence = `${drifted.length} of ${report.features.length} features drifted (${report.rows.reference} reference rows, ${report.rows.current} current rows).`;
  invocation.result(report, `${sentence}\n\n${table(["feature", ...ids, "drift"], rows)}`);
  return drifted.length === 0 ? 0 : 1;
}
