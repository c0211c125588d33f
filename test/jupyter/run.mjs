// Builds the wheel, installs it in a fresh venv, starts JupyterLab on loopback, runs the sample notebook in a browser and looks at its output.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { chromium } from "playwright-core";

import { findBrowser } from "../browser.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const plugin = path.join(root, "jupyter-plugin");
const output = path.join(root, "test/output");
const work = mkdtempSync(path.join(tmpdir(), "skewproof-jupyter-"));
const python = path.join(work, "venv/bin/python");
const token = "test-token";
let passed = 0;
let failed = 0;

async function test(name, body) {
  try {
    await body();
    passed++;
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}

const run = (command, args, options = {}) =>
  execFileSync(command, args, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8", ...options });
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A fresh venv with JupyterLab and the wheel, built from the labextension that `npm run build` made. */
function install() {
  run("python3", ["-m", "venv", path.join(work, "venv")]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  run(python, [
    ...pip,
    "hatchling==1.27.0",
    "jupyterlab==4.6.6",
    "nbconvert",
    "pandas==2.3.3",
    "pyarrow==21.0.0",
    "pytest==8.4.2",
  ]);
  run(process.execPath, [path.join(plugin, "scripts/build.mjs")]);
  run(python, [
    "-m",
    "pip",
    "wheel",
    "--quiet",
    "--no-build-isolation",
    "--no-deps",
    "--disable-pip-version-check",
    "-w",
    work,
    plugin,
  ]);
  const wheel = readdirSync(work).find((name) => name.endsWith(".whl"));
  assert.ok(wheel, "pip wheel made no wheel");
  run(python, [...pip, "--no-deps", path.join(work, wheel)]);
}

/** The sample with its state, as `npm start` left it, copied so that the test leaves nothing behind. */
function project() {
  const folder = path.join(work, "late-flights");
  cpSync(path.join(root, "samples/late-flights"), folder, { recursive: true, filter: (source) => !source.includes("/venvs") });
  return folder;
}

async function startLab(folder) {
  const port = await freePort();
  const environment = {
    ...process.env,
    SKEWPROOF_CLI: path.join(root, "core/bin/skewproof.mjs"),
    PATH: `${path.join(root, "node_modules/.bin")}:${process.env.PATH}`,
  };
  const args = [
    "-m",
    "jupyter",
    "lab",
    "--no-browser",
    "--allow-root",
    `--ServerApp.port=${port}`,
    "--ServerApp.ip=127.0.0.1",
    `--IdentityProvider.token=${token}`,
  ];
  const child = spawn(python, [...args, `--ServerApp.root_dir=${folder}`], {
    cwd: folder,
    env: {
      ...environment,
      JUPYTER_CONFIG_DIR: path.join(work, "config"),
      JUPYTER_DATA_DIR: path.join(work, "data"),
      JUPYTER_RUNTIME_DIR: path.join(work, "runtime"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (log += data));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const status = await fetch(`${base}/api/status?token=${token}`)
      .then((reply) => reply.status)
      .catch(() => 0);
    if (status === 200) break;
    if (tries > 200 || child.exitCode !== null) throw new Error(`JupyterLab did not start:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return { base, log: () => log, stop: () => child.kill("SIGTERM") };
}

/** The engine outlives the notebook by design; the test's own is ended here. */
function stopEngine() {
  const lock = path.join(work, "late-flights/.skewproof/engine.json");
  if (!existsSync(lock)) return;
  try {
    process.kill(JSON.parse(readFileSync(lock, "utf8")).pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
}

async function command(page, id, args = {}) {
  return page.evaluate(([name, parameters]) => globalThis.jupyterapp.commands.execute(name, parameters), [id, args]);
}

mkdirSync(output, { recursive: true });

let lab;
let browser;
try {
  install();
  await test("magics, client and errors (pytest)", () => {
    run(python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", path.join(plugin, "tests")], { stdio: "inherit" });
  });
  await test("front end and server half are installed and enabled", () => {
    // `labextension list` writes to stderr.
    const { stdout, stderr } = spawnSync(python, ["-m", "jupyter", "labextension", "list"], { encoding: "utf8" });
    assert.match(stdout + stderr, /@skewproof\/jupyterlab v[\d.]+ .*enabled.*OK/);
    const servers = spawnSync(python, ["-m", "jupyter", "server", "extension", "list"], { encoding: "utf8" });
    assert.match(servers.stdout + servers.stderr, /skewproof.*enabled/);
  });

  const folder = project();
  lab = await startLab(folder);
  const { executablePath, args } = await findBrowser();
  browser = await chromium.launch({ executablePath, args });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  const elsewhere = [];
  const errors = [];
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) elsewhere.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));

  await test("the sample notebook draws its views", async () => {
    const name = "run.ipynb"; // a copy: autosave keeps old outputs
    copyFileSync(path.join(folder, "late-flights.ipynb"), path.join(folder, name));
    await page.goto(`${lab.base}/lab/workspaces/test/tree/${name}?token=${token}&reset`);
    await page.locator(".jp-NotebookPanel-notebook").waitFor({ timeout: 60_000 });
    await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor({ timeout: 60_000 });
    await page.evaluate(() => void globalThis.jupyterapp.commands.execute("notebook:run-all-cells"));
    await page.locator(".jp-OutputArea-output svg.marks").first().waitFor({ timeout: 120_000 });
    await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor({ timeout: 120_000 });
    await page.waitForFunction(
      () =>
        document.querySelectorAll(".jp-InputPrompt").length > 0 &&
        ![...document.querySelectorAll(".jp-InputPrompt")].some((prompt) => prompt.textContent?.includes("*")),
      undefined,
      { timeout: 120_000 },
    );
    assert.equal(
      await page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count(),
      0,
      await page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').allTextContents().then(String),
    );
    assert.equal(
      await page.locator(".jp-mod-error, .jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count(),
      0,
    );
    await page.screenshot({ path: path.join(output, "jupyterlab-light.png") });
    await command(page, "docmanager:save");
  });

  await test("the saved notebook carries HTML, PNG and text beside our type", async () => {
    const saved = JSON.parse(readFileSync(path.join(folder, "run.ipynb"), "utf8"));
    const outputs = saved.cells
      .flatMap((cell) => cell.outputs ?? [])
      .filter((cell) => cell.data?.["application/vnd.skewproof.view.v1+json"]);
    assert.ok(outputs.length >= 4, `${outputs.length} views`);
    for (const { data } of outputs) for (const type of ["text/html", "text/plain"]) assert.ok(data[type], `${type} is missing`);
    assert.ok(
      outputs.some(({ data }) => data["image/png"]),
      "no PNG",
    );
  });

  await test("the views follow the dark theme", async () => {
    const colour = () =>
      page
        .locator(".jp-OutputArea-output .skewproof-view")
        .first()
        .evaluate((element) => getComputedStyle(element).color);
    const light = await colour();
    await command(page, "apputils:change-theme", { theme: "JupyterLab Dark" });
    await page.locator('body[data-jp-theme-light="false"]').waitFor({ state: "attached" });
    assert.notEqual(await colour(), light);
    await page.screenshot({ path: path.join(output, "jupyterlab-dark.png") });
  });

  await test("the side panel lists the features", async () => {
    await command(page, "skewproof:show-features");
    await page.locator("#skewproof-features").getByText("late_flight", { exact: true }).first().waitFor({ timeout: 30_000 });
    await page.screenshot({ path: path.join(output, "jupyterlab-panel.png") });
  });

  await test("the engine's token and address stay out of the browser, and nothing leaves the machine", () => {
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(errors, []);
  });
} catch (error) {
  failed++;
  console.log(`not ok JupyterLab\n${error instanceof Error ? error.stack : String(error)}\n${lab?.log() ?? ""}`);
} finally {
  await browser?.close();
  lab?.stop();
  stopEngine();
  rmSync(work, { recursive: true, force: true, maxRetries: 3 });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
