import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";

import { repository } from "../process/command-line.js";

export interface EngineProcess {
  readonly url: string;
  readonly token: string;
  readonly stop: (signal?: NodeJS.Signals) => void;
}

/** Starts `skewproof engine` in a project's folder and waits until it says where it answers. */
export async function startEngineProcess(root: string): Promise<EngineProcess> {
  const engine = spawn(process.execPath, [path.join(repository, "core/bin/skewproof.mjs"), "engine", "--json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) => createInterface({ input: engine.stdout }).once("line", resolve));
  const { url, token } = JSON.parse(line) as { url: string; token: string };
  return {
    url,
    token,
    stop: (signal = "SIGTERM") => {
      engine.kill(signal);
    },
  };
}
