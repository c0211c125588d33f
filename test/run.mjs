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

/** Done first, one after the other: the rest stands on it. */
const first = [check("types", node, bin("tsc"), "-b"), check("bundle", node, "scripts/bundle.mjs")];
/** Waits for browsers and editors more than it computes. */
const faces = [
  vitest("vscode", "--project", "vscode"),
  vitest("jupyter", "--project", "jupyter"),
  vitest("browser", "--project", "browser"),
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
];
/** Computes on both cores. */
const core = [
  vitest("unit", "--project", "unit"),
  vitest("conformance", "--project", "conformance"),
  vitest("stores", "--project", "stores"),
  vitest("process", "--project", "process"),
  vitest("streams", "--project", "streams"),
];

function run({ command }) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += data));
    child.once("error", (error) => resolve({ status: 1, text: String(error) }));
    child.once("close", (status) => resolve({ status: status ?? 1, text }));
  });
}

const wanted = process.argv.slice(2);
const names = [...first, ...core, ...faces].map(({ name }) => name);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No step named ${unknown.join(", ")}. Steps: ${names.join(", ")}.`);
  process.exit(2);
}

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const table = [];
/** One after the other; what a step printed is shown whole when it ends, since another lane runs beside it. */
async function lane(steps) {
  for (const step of steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    console.log(`… ${step.name}`);
    const started = performance.now();
    const { status, text } = await run(step);
    const [passed, failed] = step.count(status, text);
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    console.log(`\n=== ${step.name}, ${seconds} s\n${text.trim()}\n`);
    table.push({ step: step.name, passed, failed, seconds });
  }
}
await lane(first);
await Promise.all([lane(core), lane(faces)]);
console.table(table);
const sum = (key) => table.reduce((total, row) => total + row[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
