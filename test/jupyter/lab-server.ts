import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { repository } from "../process/command-line.js";
import { cachedPython } from "../tools/cached-python.js";
import { freePort } from "../tools/free-port.js";

const plugin = path.join(repository, "jupyter-plugin");

const packages = [
  "hatchling==1.27.0",
  "jupyterlab==4.6.6",
  "nbconvert==7.17.2",
  "pandas==2.3.3",
  "pyarrow==21.0.0",
  "pytest==8.4.2",
];

/**
 * An environment with JupyterLab, kept in `.cache` for as long as its packages stay the same, and the wheel installed
 * anew in it, built in `folder` from the labextension that `npm run build` made. Returns its Python.
 */
export function installLab(folder: string): string {
  const { environment, python, pip } = cachedPython("jupyter", packages);
  pip("uninstall", "--yes", "skewproof");
  pip("wheel", "--no-build-isolation", "--no-deps", "-w", folder, plugin);
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip made no wheel.");
  pip("install", "--no-deps", path.join(folder, wheel));
  // No question about news in the pictures, no request for them.
  const settings = path.join(environment, "share/jupyter/lab/settings");
  mkdirSync(settings, { recursive: true });
  const notification = { fetchNews: "false", checkForUpdates: false };
  writeFileSync(
    path.join(settings, "overrides.json"),
    JSON.stringify({ "@jupyterlab/apputils-extension:notification": notification }),
  );
  return python;
}

export interface Lab {
  readonly origin: string;
  readonly token: string;
  output(): string;
  stop(): Promise<void>;
}

/** Starts JupyterLab on loopback in a project's folder; its settings and run files stand in `folder`. */
export async function startLab(python: string, folder: string, project: string): Promise<Lab> {
  const port = await freePort();
  const token = "test-token";
  const args = ["-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"];
  args.push("--LabApp.expose_app_in_browser=True"); // the tests run commands by their ids
  args.push(`--ServerApp.port=${port}`, `--IdentityProvider.token=${token}`, `--ServerApp.root_dir=${project}`);
  const env = {
    ...process.env,
    SKEWPROOF_CLI: path.join(repository, "core/bin/skewproof.mjs"),
    PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
    JUPYTER_CONFIG_DIR: path.join(folder, "config"),
    JUPYTER_DATA_DIR: path.join(folder, "data"),
    JUPYTER_RUNTIME_DIR: path.join(folder, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: path.join(folder, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: path.join(folder, "workspaces"),
  };
  const child = spawn(python, args, { cwd: project, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${origin}/api/status?token=${token}`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (tries > 400 || child.exitCode !== null) throw new Error(`JupyterLab did not start:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    origin,
    token,
    output: () => output,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
