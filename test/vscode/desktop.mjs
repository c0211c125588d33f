// `npm run test:desktop`: the extension host's tests in a desktop VS Code, where it can be downloaded and has a display
// (on a server: `xvfb-run -a npm run test:desktop`). `npm test` runs the same tests in the VS Code that npm has.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from "@vscode/test-electron";

const root = path.resolve(import.meta.dirname, "../..");
const work = mkdtempSync(path.join(tmpdir(), "skewproof-desktop-"));
const project = path.join(work, "shop");
const skewproof = (cwd, ...args) =>
  execFileSync(process.execPath, [path.join(root, "core/bin/skewproof.mjs"), ...args], {
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
  });

let vscodeExecutablePath;
try {
  vscodeExecutablePath = await downloadAndUnzipVSCode({ version: "stable", cachePath: path.join(root, ".cache/vscode-desktop") });
} catch (error) {
  console.error(
    `Desktop VS Code could not be downloaded (${error.message}). \`npm test -- vscode\` runs these tests in the VS Code of npm.`,
  );
  process.exit(3);
}
const vsix = execFileSync(process.execPath, [path.join(root, "scripts/package-extension.mjs")], { encoding: "utf8" })
  .trim()
  .split("\n")
  .at(-1);
skewproof(work, "init", project);
skewproof(project, "training-set", "--service", "shop", "--labels", "data/labels.csv", "--out", "training.parquet");

const profile = [`--extensions-dir=${path.join(work, "extensions")}`, `--user-data-dir=${path.join(work, "user")}`];
const [cli, ...args] = resolveCliArgsFromVSCodeExecutablePath(vscodeExecutablePath, { reuseMachineInstall: true });
execFileSync(cli, [...args, ...profile, "--install-extension", vsix], {
  stdio: ["ignore", "ignore", "inherit"],
  shell: process.platform === "win32",
});
const results = path.join(work, "results.json");
await runTests({
  vscodeExecutablePath,
  extensionDevelopmentPath: path.join(import.meta.dirname, "harness"),
  extensionTestsPath: path.join(import.meta.dirname, "inhost/index.cjs"),
  extensionTestsEnv: { SKEWPROOF_TEST_RESULTS: results },
  launchArgs: [project, ...profile, "--disable-workspace-trust"],
});

const all = JSON.parse(readFileSync(results, "utf8"));
for (const { title, error } of all) console.log(error === undefined ? `✓ ${title}` : `✗ ${title}\n${error}`);
const failed = all.filter(({ error }) => error !== undefined).length;
console.log(`${all.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 && all.length > 0 ? 0 : 1;
