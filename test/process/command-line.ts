import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

export const repository = path.resolve(import.meta.dirname, "../..");
const command = path.join(repository, "core/bin/skewproof.mjs");

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line in a folder. */
export function skewproof(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd,
    env,
    encoding: "utf8",
    // A command that never ends is a failure with a name, not a test run without one.
    timeout: 280_000,
  });
  return { status, stdout, stderr };
}

export function temporaryFolder(): string {
  return mkdtempSync(path.join(tmpdir(), "skewproof-test-"));
}

/** A fresh project as `init` makes it. */
export function newProject(): string {
  const root = path.join(temporaryFolder(), "shop");
  const { status, stderr } = skewproof(tmpdir(), ["init", root]);
  if (status !== 0) throw new Error(stderr);
  return root;
}

export interface Serving {
  readonly url: string;
  readonly child: ChildProcess;
  readonly token_file: string;
  stop(): Promise<number | null>;
}

/** Starts `skewproof serve` and waits for its first line. */
export async function serve(cwd: string, args: readonly string[]): Promise<Serving> {
  const child = spawn(process.execPath, [command, "serve", "--port", "0", "--json", ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve)),
    ended.then((status): string => {
      throw new Error(`serve ended with status ${String(status)}: ${errors}`);
    }),
  ]);
  const started = JSON.parse(line) as { url: string; token_file: string };
  return {
    ...started,
    child,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
