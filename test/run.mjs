// Runs everything and closes with one line `N passed, N failed`. `npm test -- NAME…` runs only the named steps.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const output = path.join(root, "test/output");
const bin = (name) => path.join(root, "node_modules/.bin", name);
const node = process.execPath;

/** A step that is one check: its exit status decides. */
const check = (name, ...command) => ({ name, command, count: (status) => (status === 0 ? [1, 0] : [0, 1]) });
const vitest = (name, ...args) => {
  const report = path.join(output, `${name}.json`);
  return {
    name,
    command: [node, bin("vitest"), "run", "--reporter=default", "--reporter=json", `--outputFile=${report}`, ...args],
    count(status) {
      if (!existsSync(report)) return [0, 1];
      const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
      return [numPassedTests, status !== 0 && numFailedTests === 0 ? 1 : numFailedTests];
    },
  };
};

const steps = [
  check("types", node, bin("tsc"), "-b"),
  check("bundle", node, "scripts/bundle.mjs"),
  check("eslint", node, bin("eslint"), "."),
  check("prettier", node, bin("prettier"), "--check", "--log-level=warn", "."),
  check(
    "boundaries",
    node,
    bin("depcruise"),
    "--config",
    ".dependency-cruiser.cjs",
    "core/src",
    "webviews/src",
    "extension/src",
    "extension/webview",
    "jupyter-plugin/src",
  ),
  check("knip", node, bin("knip")),
  vitest("unit", "--project", "unit"),
  vitest("conformance", "--project", "conformance"),
  vitest("process", "--project", "process"),
  vitest("browser", "--project", "browser"),
  vitest("vscode", "--project", "vscode"),
  vitest("jupyter", "--project", "jupyter"),
];

function run({ command }) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    let text = "";
    for (const [stream, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])
      stream.on("data", (data) => {
        text += data;
        to.write(data);
      });
    child.once("error", (error) => resolve({ status: 1, text: String(error) }));
    child.once("close", (status) => resolve({ status: status ?? 1, text }));
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No step named ${unknown.join(", ")}. Steps: ${steps.map((step) => step.name).join(", ")}.`);
  process.exit(2);
}

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const table = [];
for (const step of steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n=== ${step.name}`);
  const started = performance.now();
  const { status, text } = await run(step);
  const [passed, failed] = step.count(status, text);
  table.push({ step: step.name, passed, failed, seconds: Number(((performance.now() - started) / 1000).toFixed(1)) });
}
console.log();
console.table(table);
const sum = (key) => table.reduce((total, row) => total + row[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
