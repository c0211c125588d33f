import { execFile, spawn } from "node:child_process";
import { createWriteStream, existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { SkewproofError } from "../../errors.js";
import { registerModelVersion } from "../../models/node/model-store.js";
import { buildTrainingSet } from "../../offline/node/training-set.js";
import type { Pipeline } from "../../registry/bound-project.js";
import { requirePipeline } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import type { RunManifest } from "../run-manifest.js";
import { digestFile } from "./digest.js";
import { pythonEnvironment, type PythonEnvironment } from "./python-environment.js";
import { runFolder, writeManifest } from "./run-store.js";

const execute = promisify(execFile);

export interface RunOptions {
  readonly pipeline: string;
  /** Instead of the declared ones. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly replayOf?: string;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

/**
 * Runs a pipeline: builds its training sets, records code and environment, runs its command without a shell, digests
 * the outputs, registers the model, and writes the manifest last. Throws `failed`, with the log's last lines, when the
 * command fails; that run is recorded too.
 */
export async function runPipeline(loaded: LoadedProject, options: RunOptions): Promise<RunManifest> {
  const { root, project } = loaded;
  const { signal, progress = () => undefined } = options;
  const pipeline = requirePipeline(project, options.pipeline);
  const parameters = { ...pipeline.parameters, ...options.parameters };
  const unknown = Object.keys(parameters).find((name) => !(name in pipeline.parameters));
  if (unknown !== undefined)
    throw new SkewproofError(
      "usage",
      `The pipeline ${pipeline.name} has no parameter ${unknown}. Parameters: ${Object.keys(pipeline.parameters).join(", ") || "none"}.`,
    );
  const started = Date.now();
  const id = `${printTimestamp(BigInt(started) * 1000n)
    .replace(/[-:]/g, "")
    .replace("T", "-")
    .slice(0, 15)}-${process.pid}-${pipeline.name}`;
  const folder = runFolder(root, id);
  mkdirSync(folder, { recursive: true });

  const environment =
    pipeline.requirements === undefined
      ? undefined
      : await pythonEnvironment(root, path.resolve(root, pipeline.requirements), signal, progress);
  const inputs: Record<string, RunManifest["inputs"][string]> = {};
  const places: Record<string, string> = {};
  for (const [name, input] of Object.entries(pipeline.inputs)) {
    progress(`Training set ${name} of ${input.service.name}`);
    const out = path.join(folder, `${name}.parquet`);
    const { manifest } = await buildTrainingSet(loaded, {
      service: input.service.name,
      labels: input.labels,
      out,
      time: input.time,
      progress: (message) => {
        progress(`Training set ${name}: ${message}`);
      },
      ...(signal === undefined ? {} : { signal }),
    });
    inputs[name] = { sha256: manifest.sha256, rows: manifest.rows, service: manifest.service, labels: manifest.labels.sha256 };
    places[`inputs.${name}`] = out;
  }
  for (const [name, { file }] of Object.entries(pipeline.outputs))
    places[`outputs.${name}`] = path.join(folder, path.basename(file));
  for (const [name, value] of Object.entries(parameters)) places[`parameters.${name}`] = String(value);
  const command = pipeline.command.map((text) => text.replaceAll(/\{([\w.]+)\}/g, (_, name: string) => places[name] ?? ""));

  const describe = async (state: "done" | "failed", outputs: RunManifest["outputs"], metrics?: unknown): Promise<RunManifest> => {
    const manifest: RunManifest = {
      version: 1,
      id,
      pipeline: pipeline.name,
      state,
      started: printTimestamp(BigInt(started) * 1000n),
      seconds: (Date.now() - started) / 1000,
      definitions: project.digest,
      command: pipeline.command,
      parameters,
      inputs,
      code: await describeCode(root, pipeline),
      environment: await describeEnvironment(root, pipeline, environment),
      outputs,
      ...(metrics === undefined ? {} : { metrics }),
      ...(options.replayOf === undefined ? {} : { replayOf: options.replayOf }),
    };
    writeManifest(root, manifest);
    return manifest;
  };

  progress(`Running ${pipeline.name}`);
  const log = path.join(folder, "log.txt");
  const status = await runCommand(command, root, log, environment, signal);
  signal?.throwIfAborted();
  if (status !== 0) {
    await describe("failed", {});
    const tail = readFileSync(log, "utf8").trim().split("\n").slice(-8).join("\n");
    throw new SkewproofError("failed", `${command[0] ?? ""} ended with status ${status}. The last lines of ${log}:\n${tail}`);
  }
  const outputs: Record<string, RunManifest["outputs"][string]> = {};
  let metrics: unknown;
  for (const [name, output] of Object.entries(pipeline.outputs)) {
    const file = places[`outputs.${name}`] ?? "";
    if (!existsSync(file))
      throw new SkewproofError(
        "failed",
        `${pipeline.name} ended well but wrote no ${name} (${file}). Check that the command uses {outputs.${name}}.`,
      );
    const described = { sha256: await digestFile(file), file: path.basename(file) };
    if (name === "metrics" && file.endsWith(".json")) metrics = JSON.parse(readFileSync(file, "utf8"));
    if (output.kind === "file" || options.replayOf !== undefined) outputs[name] = described;
    else {
      const [training] = Object.keys(pipeline.inputs);
      const profile = training === undefined ? {} : { "profile.json": `${places[`inputs.${training}`] ?? ""}.profile.json` };
      const version = await registerModelVersion(loaded, { model: output.model, file, runId: id, attachments: profile });
      outputs[name] = { ...described, version: version.version };
    }
  }
  return describe("done", outputs, metrics);
}

/** The command's status; its output goes to the log. It is ended when the signal is aborted. */
function runCommand(
  command: readonly string[],
  cwd: string,
  log: string,
  environment: PythonEnvironment | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [program = "", ...args] = command;
  const PATH =
    environment === undefined ? process.env["PATH"] : `${environment.bin}${path.delimiter}${process.env["PATH"] ?? ""}`;
  return new Promise((resolve, reject) => {
    const output = createWriteStream(log);
    const child = spawn(program, args, {
      cwd,
      // OpenMP's threads spin while they wait, and take the cores from whatever else runs; it may be said otherwise.
      env: { OMP_WAIT_POLICY: "PASSIVE", ...process.env, PATH, PYTHONHASHSEED: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (signal?.aborted === true) reject(new SkewproofError("cancelled", "Cancelled.", { cause: error }));
      else if (error.code === "ENOENT")
        reject(
          new SkewproofError(
            "unavailable",
            `The program ${program} was not found. Install it, or correct the pipeline's command.`,
            { cause: error },
          ),
        );
      else reject(error);
    });
    child.once("close", (status) => {
      output.end(() => {
        resolve(status ?? 1);
      });
    });
  });
}

async function describeCode(root: string, pipeline: Pipeline): Promise<RunManifest["code"]> {
  const named = pipeline.command.filter((text) => /^[\w./-]+\.\w+$/.test(text) && existsSync(path.join(root, text)));
  const files = [...new Set([...named, ...globSync([...pipeline.code], { cwd: root })])].sort();
  const digests = await Promise.all(files.map(async (file) => ({ path: file, sha256: await digestFile(path.join(root, file)) })));
  try {
    const { stdout: commit } = await execute("git", ["rev-parse", "HEAD"], { cwd: root });
    const { stdout: changes } = await execute("git", ["status", "--porcelain", "--", "."], { cwd: root });
    return { files: digests, commit: commit.trim(), dirty: changes.trim() !== "" };
  } catch {
    return { files: digests }; // not under git
  }
}

async function describeEnvironment(
  root: string,
  pipeline: Pipeline,
  environment: PythonEnvironment | undefined,
): Promise<RunManifest["environment"]> {
  const platform = `${process.platform}-${process.arch}`;
  if (environment === undefined || pipeline.requirements === undefined) return { platform };
  const requirements = { path: pipeline.requirements, sha256: await digestFile(path.resolve(root, pipeline.requirements)) };
  return { platform, python: environment.python, requirements, packages: environment.packages };
}
