import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerRun(program: Command): void {
  program
    .command("run")
    .description("Run a pipeline and record what it was made of: data, code, environment, parameters, outputs.")
    .argument("<pipeline>")
    .option("--parameter <name=value...>", "instead of the declared value")
    .addHelpText("after", "\nExample:\n  skewproof run train_late_flight --parameter seed=11")
    .action(act(run));
  const runs = program.command("runs").description("Runs: list, show, compare, replay.");
  runs.command("list").description("List the recorded runs.").action(act(list));
  runs.command("show").description("Show a run's manifest.").argument("<id>").action(act(show));
  runs.command("compare").description("What differs between two runs.").argument("<a>").argument("<b>").action(act(compare));
  runs
    .command("replay")
    .description("Repeat a run and say whether it is identical, or where it first differs.")
    .argument("<id>")
    .addHelpText("after", "\nExample:\n  skewproof runs replay 20010601-070000-42-train_late_flight")
    .action(act(replay));
}

async function run(invocation: Invocation, name: string, options: { readonly parameter?: readonly string[] }): Promise<number> {
  const { SkewproofError } = await import("../errors.js");
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { requirePipeline } = await import("../registry/find.js");
  const { runPipeline } = await import("../runs/node/run-pipeline.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const declared = requirePipeline(loaded.project, name).parameters;
  const parameters = Object.fromEntries(
    (options.parameter ?? []).map((text) => {
      const at = text.indexOf("=");
      const [key, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
      if (at < 1) throw new SkewproofError("usage", `--parameter ${text} is not of the form name=value.`);
      const kind = typeof declared[key];
      if (kind === "number" && !Number.isFinite(Number(value)))
        throw new SkewproofError("usage", `--parameter ${text}: ${key} is a number.`);
      return [key, kind === "number" ? Number(value) : kind === "boolean" ? value === "true" : value];
    }),
  );
  const manifest = await runPipeline(loaded, {
    pipeline: name,
    parameters,
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  const outputs = Object.entries(manifest.outputs).map(
    ([output, { sha256, version }]) =>
      `  ${output}: ${sha256.slice(0, 12)}${version === undefined ? "" : `, version ${version}`}`,
  );
  invocation.result(
    manifest,
    [
      `${manifest.id} done in ${manifest.seconds.toFixed(1)} s`,
      ...outputs,
      ...(manifest.metrics === undefined ? [] : [`  metrics: ${JSON.stringify(manifest.metrics)}`]),
    ].join("\n"),
  );
  return 0;
}

async function list(invocation: Invocation): Promise<number> {
  const { findProject } = await import("../registry/node/load-project.js");
  const { listRuns } = await import("../runs/node/run-store.js");
  const all = listRuns(findProject(invocation.projectDir));
  invocation.result(
    all,
    all.length === 0
      ? "Nothing was run yet."
      : table(
          ["run", "pipeline", "state", "seconds", "replay of"],
          all.map((one) => [one.id, one.pipeline, one.state, one.seconds.toFixed(1), one.replayOf ?? ""]),
        ),
  );
  return 0;
}

async function show(invocation: Invocation, id: string): Promise<number> {
  const { findProject } = await import("../registry/node/load-project.js");
  const { readRun } = await import("../runs/node/run-store.js");
  const manifest = readRun(findProject(invocation.projectDir), id);
  invocation.result(manifest, JSON.stringify(manifest, undefined, 2));
  return 0;
}

async function compare(invocation: Invocation, a: string, b: string): Promise<number> {
  const { findProject } = await import("../registry/node/load-project.js");
  const { readRun } = await import("../runs/node/run-store.js");
  const { compareRuns } = await import("../runs/run-manifest.js");
  const root = findProject(invocation.projectDir);
  const differences = compareRuns(readRun(root, a), readRun(root, b));
  invocation.result(
    differences,
    differences.length === 0
      ? "identical"
      : table(
          ["what", a, b],
          differences.map((one) => [one.what, JSON.stringify(one.a), JSON.stringify(one.b)]),
        ),
  );
  return differences.length === 0 ? 0 : 1;
}

async function replay(invocation: Invocation, id: string): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { replayRun } = await import("../runs/node/replay-run.js");
  const { repeated, identical, differences } = await replayRun(await loadValidProject(findProject(invocation.projectDir)), id, {
    signal: invocation.signal,
    progress: (message) => {
      invocation.progress(message);
    },
  });
  const [first] = differences;
  const text =
    first === undefined
      ? `identical: ${repeated.id} made the same outputs.`
      : `different: first in ${first.what} (${JSON.stringify(first.a)} then, ${JSON.stringify(first.b)} now); ${differences.length} differences in all.`;
  invocation.result({ id: repeated.id, identical, differences }, text);
  return identical ? 0 : 1;
}
