import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerTrainingSet(program: Command): void {
  program
    .command("training-set")
    .description(
      "Features as they were known at each label's moment: the labels' columns, order and duplicates unchanged, then the features.",
    )
    .requiredOption("--service <name>", "feature service")
    .requiredOption("--labels <file>", "Parquet, CSV or NDJSON with the service's keys, its request columns and a time")
    .requiredOption("--out <file>", "the training set, .parquet or .csv; a manifest and a profile are written beside it")
    .option("--time <column>", "the labels' time column", "event_timestamp")
    .option("--features <names>", "only these, separated by commas: feature or view.feature")
    .option("--full-names", "name features view__feature")
    .addHelpText(
      "after",
      "\nExample:\n  skewproof training-set --service late_flight --labels labels.parquet --out training.parquet",
    )
    .action(act(trainingSet));
}

interface Options {
  readonly service: string;
  readonly labels: string;
  readonly out: string;
  readonly time: string;
  readonly features?: string;
  readonly fullNames?: boolean;
}

async function trainingSet(invocation: Invocation, options: Options): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { buildTrainingSet } = await import("../offline/node/training-set.js");
  const root = findProject(invocation.projectDir);
  const started = performance.now();
  const manifest = await buildTrainingSet(await loadValidProject(root), {
    service: options.service,
    labels: { path: invocation.path(options.labels) },
    out: invocation.path(options.out),
    time: options.time,
    ...(options.features === undefined ? {} : { features: options.features.split(",") }),
    ...(options.fullNames === undefined ? {} : { fullNames: options.fullNames }),
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  invocation.result(manifest, `${options.out}: ${manifest.rows} rows, ${manifest.features.length} features, in ${seconds} s.`);
  return 0;
}
