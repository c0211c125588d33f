import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { findModelVersion } from "../../models/node/model-store.js";
import type { Target } from "../../registry/bound-project.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { didYouMean } from "../../values/nearest-name.js";

/** What runs at one target. `models` maps each model to its active version. */
export interface Deployment {
  readonly target: string;
  readonly url: string;
  readonly pid: number;
  readonly token_file: string;
  readonly models: Readonly<Record<string, string>>;
}

const stateFile = (root: string): string => path.join(root, ".skewproof", "deployments.json");

function readState(root: string): Record<string, Deployment> {
  const file = stateFile(root);
  // Our own file.
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, Deployment>) : {};
}

function writeState(root: string, state: Record<string, Deployment>): void {
  const temporary = `${stateFile(root)}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  renameSync(temporary, stateFile(root));
}

function processTarget({ project }: LoadedProject, name: string): Extract<Target, { kind: "process" }> {
  const target = project.targets.get(name);
  if (target === undefined)
    throw new SkewproofError(
      "usage",
      `There is no target ${name} in skewproof.yaml.${didYouMean(name, project.targets.keys())} Targets: ${[...project.targets.keys()].join(", ") || "none"}.`,
    );
  if (target.kind === "remote")
    throw new SkewproofError("usage", `The target ${name} is remote; this version deploys to targets of kind process.`);
  return target;
}

/** The sidecar of a target, if it answers. */
async function running(deployment: Deployment | undefined): Promise<Deployment | undefined> {
  if (deployment === undefined) return undefined;
  const answer = await fetch(`${deployment.url}/healthz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return answer?.ok === true ? deployment : undefined;
}

async function call(deployment: Deployment, route: string, body: unknown): Promise<{ model: string; version: string }> {
  const token = readFileSync(deployment.token_file, "utf8").trim();
  const reply = await fetch(`${deployment.url}${route}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  // The sidecar's own two forms.
  const answer = (await reply.json()) as { model: string; version: string; error?: string };
  if (!reply.ok)
    throw new SkewproofError(
      "failed",
      `The sidecar at ${deployment.url} refused: ${answer.error ?? String(reply.status)} What it served before, it still serves.`,
    );
  return answer;
}

/**
 * Deploys a version to a target of kind `process`: into the sidecar that runs there, which loads it beside the old one
 * and then switches, or into a new detached sidecar with everything that was deployed before. Bundles are verified first.
 */
export async function deploy(
  loaded: LoadedProject,
  reference: string,
  targetName: string,
  command: readonly string[],
): Promise<Deployment> {
  const { root } = loaded;
  const target = processTarget(loaded, targetName);
  const version = await findModelVersion(root, reference);
  const state = readState(root);
  const live = await running(state[targetName]);
  const models = { ...state[targetName]?.models, [version.model]: version.version };
  let deployment: Deployment;
  if (live === undefined) deployment = await startDetached(root, targetName, target.port, models, command);
  else {
    await call(live, "/v1/deployments", { bundle: version.folder });
    deployment = { ...live, models };
  }
  writeState(root, { ...readState(root), [targetName]: deployment });
  return deployment;
}

/** Makes the version before active again; nothing is uploaded or loaded. */
export async function rollback(loaded: LoadedProject, model: string, targetName: string): Promise<Deployment> {
  processTarget(loaded, targetName);
  const live = await running(readState(loaded.root)[targetName]);
  if (live === undefined) throw new SkewproofError("unavailable", `Nothing runs at the target ${targetName}. Deploy first.`);
  const { version } = await call(live, `/v1/deployments/${encodeURIComponent(model)}/rollback`, {});
  const deployment = { ...live, models: { ...live.models, [model]: version } };
  writeState(loaded.root, { ...readState(loaded.root), [targetName]: deployment });
  return deployment;
}

/** What runs at a target; undefined when nothing does. */
export async function deploymentAt(loaded: LoadedProject, targetName: string): Promise<Deployment | undefined> {
  processTarget(loaded, targetName);
  return running(readState(loaded.root)[targetName]);
}

/** Milliseconds that a sidecar may take to load its models. */
const patience = 60_000;

async function startDetached(
  root: string,
  target: string,
  port: number,
  models: Readonly<Record<string, string>>,
  command: readonly string[],
): Promise<Deployment> {
  const folder = path.join(root, ".skewproof");
  mkdirSync(folder, { recursive: true });
  const [out, errors] = [path.join(folder, `${target}.ready`), path.join(folder, `${target}.log`)];
  const descriptors = [openSync(out, "w", 0o600), openSync(errors, "w", 0o600)] as const;
  const bundles = Object.entries(models).map(([model, version]) => `${model}@${version}`);
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, "serve", "--project", root, "--port", String(port), "--json", "--bundle", ...bundles], {
    cwd: root,
    detached: true,
    stdio: ["ignore", ...descriptors],
  });
  for (const descriptor of descriptors) closeSync(descriptor);
  child.unref();
  // A program that could not be started leaves exitCode set, like one that ended.
  child.once("error", () => undefined);
  for (
    const until = Date.now() + patience;
    Date.now() < until && child.exitCode === null;
    await new Promise((resolve) => setTimeout(resolve, 50))
  ) {
    const line = readFileSync(out, "utf8").split("\n", 2);
    if (line.length < 2) continue;
    // The sidecar's first line (contracts §5).
    const { url, token_file, pid } = JSON.parse(line[0] ?? "") as { url: string; token_file: string; pid: number };
    return { target, url, pid, token_file, models };
  }
  child.kill("SIGTERM");
  throw new SkewproofError(
    "unavailable",
    `The sidecar did not start: ${readFileSync(errors, "utf8").trim() || `it said nothing for ${patience / 1000} s`}`,
  );
}
