import type { Command } from "commander";

import type { TrainingSetOptions } from "../offline/node/training-set.js";
import { act, type Invocation } from "./command.js";

export function registerTrainingSet(program: Command): void {
  program
    .command("training-set")
    .description(
      "Features as they were known at each label's moment: the labels' columns, order and duplicates unchanged, then the features.",
    )
    .requiredOption("--service <name>", "feature service")
    .option(
      "--labels <file>",
      "Parquet, CSV, NDJSON or Arrow (globs too) with the service's keys, its request columns and a time",
    )
    .option("--labels-sql <query>", "instead: a SELECT over the project's files")
    .option("--from <moment>", "instead: every key known by then at each step from here")
    .option("--to <moment>", "… to here")
    .option("--every <duration>", "… one step apart, such as 1d")
    .requiredOption("--out <file>", "the training set, .parquet, .csv or .arrow; a manifest and a profile are written beside it")
    .option("--time <column>", "the labels' time column", "event_timestamp")
    .option("--features <names>", "only these, separated by commas: feature or view.feature")
    .option("--full-names", "name features view__feature")
    .option("--partition-by <columns>", "write a folder of Parquet files by these columns, separated by commas")
    .option("--strict", "fail, and write nothing, when a feature's `expect` is broken")
    .option("--memory-limit <size>", "such as 2GB; what does not fit goes to disk (default: half of the machine's)")
    .option("--engine <name>", "offline engine", "duckdb")
    .addHelpText(
      "after",
      `
Examples:
  skewproof training-set --service late_flight --labels labels.parquet --out training.parquet
  skewproof training-set --service late_flight --from 2001-05-01 --to 2001-06-01 --every 1d --out backtest.parquet`,
    )
    .action(act(trainingSet));
}

interface Options {
  readonly service: string;
  readonly labels?: string;
  readonly labelsSql?: string;
  readonly from?: string;
  readonly to?: string;
  readonly every?: string;
  readonly out: string;
  readonly time: string;
  readonly features?: string;
  readonly fullNames?: boolean;
  readonly partitionBy?: string;
  readonly strict?: boolean;
  readonly memoryLimit?: string;
  readonly engine: string;
}

async function trainingSet(invocation: Invocation, options: Options): Promise<number> {
  const { SkewproofError } = await import("../errors.js");
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { buildTrainingSet } = await import("../offline/node/training-set.js");
  if (options.engine !== "duckdb")
    throw new SkewproofError("usage", `There is no offline engine ${options.engine} here; there is duckdb.`);
  const labels = await labelsOf(invocation, options);
  const { parseSize } = await import("../values/parse-size.js");
  const memoryLimit = options.memoryLimit === undefined ? undefined : parseSize(options.memoryLimit, "--memory-limit");
  const root = findProject(invocation.projectDir);
  const started = performance.now();
  const { manifest, reused, quarantine, spilled } = await buildTrainingSet(await loadValidProject(root), {
    service: options.service,
    labels,
    out: invocation.path(options.out),
    time: options.time,
    ...(options.features === undefined ? {} : { features: options.features.split(",") }),
    ...(options.fullNames === undefined ? {} : { fullNames: options.fullNames }),
    ...(options.partitionBy === undefined ? {} : { partitionBy: options.partitionBy.split(",") }),
    ...(options.strict === undefined ? {} : { strict: options.strict }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const size = `${manifest.rows} rows, ${manifest.features.length} features`;
  const broken = manifest.expectations.filter(({ holds }) => !holds);
  invocation.result(
    { ...manifest, reused, ...(quarantine === undefined ? {} : { quarantine }), spilled_bytes: spilled },
    [
      reused ? `${options.out}: ${size}; made of the same inputs before, reused.` : `${options.out}: ${size}, in ${seconds} s.`,
      ...(spilled === 0 ? [] : [`${(spilled / 1e6).toFixed(0)} MB did not fit in memory and went to disk meanwhile.`]),
      ...broken.map(({ feature, rule, rows }) => `expectation broken: ${feature} ${rule}, ${rows} of ${manifest.rows} rows`),
      ...(quarantine === undefined ? [] : [`The rows that break an expectation are copied to ${quarantine}.`]),
    ].join("\n"),
  );
  return 0;
}

async function labelsOf(invocation: Invocation, options: Options): Promise<TrainingSetOptions["labels"]> {
  const { SkewproofError } = await import("../errors.js");
  const { parseMoment } = await import("../values/parse-moment.js");
  const { parseDuration } = await import("../values/duration.js");
  const { labels, labelsSql, from, to, every } = options;
  const grid = [from, to, every].filter((one) => one !== undefined);
  const ways = [labels, labelsSql, grid.length > 0 ? "grid" : undefined].filter((one) => one !== undefined);
  if (ways.length !== 1 || (grid.length > 0 && grid.length < 3))
    throw new SkewproofError(
      "usage",
      "Give the labels in one way: --labels FILE, --labels-sql QUERY, or --from A --to B --every STEP.",
    );
  if (labels !== undefined) return { path: invocation.path(labels) };
  if (labelsSql !== undefined) return { sql: labelsSql };
  const step = parseDuration(every ?? "");
  if (step === undefined || step === 0n)
    throw new SkewproofError("usage", `--every ${every ?? ""} is no duration such as 30s, 15m, 1h, 7d or 4w.`);
  return { grid: { from: parseMoment(from ?? "", "--from"), to: parseMoment(to ?? "", "--to"), every: step } };
}
