import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { repository, serve, temporaryFolder } from "../process/command-line.js";
import { launchBrowser } from "../tools/browser.js";
import { endProcesses, lateFlights } from "../tools/late-flights.js";
import { installLab, startLab, type Lab } from "./lab-server.js";

const screenshots = path.join(repository, "test/output/screenshots");
let python: string;
let root: string;
let lab: Lab;
let browser: Browser;
let page: Page;
const elsewhere: string[] = [];
const errors: string[] = [];

/** Scores some flights of the morning, so that there is something to recompute. */
async function serveSome(): Promise<void> {
  const sidecar = await serve(root, ["--replay"]);
  for (const destination of ["LAX", "DEN", "BOS", "ATL", "SEA"]) {
    const reply = await fetch(`${sidecar.url}/v1/models/late_flight/predict`, {
      method: "POST",
      headers: { authorization: `Bearer ${readFileSync(sidecar.token_file, "utf8").trim()}`, "content-type": "application/json" },
      body: JSON.stringify({
        entities: [{ origin: "ORD", destination }],
        request: [{ scheduled_at: "2001-06-02T07:00:00Z", distance: 900 }],
        options: { at: "2001-06-02T07:00:00Z" },
      }),
    });
    if (!reply.ok) throw new Error(await reply.text());
  }
  await sidecar.stop();
}

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const folder = temporaryFolder();
  python = installLab(folder);
  root = await lateFlights();
  await serveSome();
  lab = await startLab(python, folder, root);
  browser = await launchBrowser();
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.setDefaultTimeout(30_000);
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) elsewhere.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));
});

afterAll(async () => {
  await browser.close();
  await lab.stop();
  endProcesses(root);
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await shot(`jupyter-failure-${task.name.replaceAll(/\W+/g, "-")}`);
});

const shot = (name: string): Promise<Buffer> => page.screenshot({ path: path.join(screenshots, `${name}.png`) });

/** A command of JupyterLab's own command registry; it offers its application to tests as a global. */
function command(id: string, args: Readonly<Record<string, string>> = {}): Promise<void> {
  interface Application {
    readonly jupyterapp: { readonly commands: { execute(name: string, parameters: unknown): Promise<unknown> } };
  }
  return page.evaluate(
    async ([name, parameters]) => {
      await (globalThis as unknown as Application).jupyterapp.commands.execute(name, parameters);
    },
    [id, args] as const,
  );
}

it("passes its own tests of magics, client and errors", () => {
  const { status, stdout, stderr } = spawnSync(
    python,
    ["-m", "pytest", "-q", "-p", "no:cacheprovider", path.join(repository, "jupyter-plugin/tests")],
    { encoding: "utf8" },
  );
  expect(status, stdout + stderr).toBe(0);
});

it("is enabled by installing the wheel, in the browser and in the server", () => {
  const list = (...args: string[]): string => {
    const { stdout, stderr } = spawnSync(python, ["-m", "jupyter", ...args, "list"], { encoding: "utf8" });
    return stdout + stderr;
  };
  expect(list("labextension")).toMatch(/@skewproof\/jupyterlab v[\d.]+ .*enabled.*OK/);
  expect(list("server", "extension")).toMatch(/skewproof.*enabled/);
});

it("answers nobody without Jupyter's token", async () => {
  for (const method of ["GET", "POST"]) {
    const reply = await fetch(`${lab.origin}/skewproof/api/status`, { method });
    expect(reply.status, method).toBe(403);
  }
});

it("draws the sample notebook's views", async () => {
  await page.goto(`${lab.origin}/lab/workspaces/test/tree/late-flights.ipynb?token=${lab.token}&reset`);
  await page.locator(".jp-NotebookPanel-notebook").waitFor({ timeout: 60_000 });
  await page.getByText("Python 3 (ipykernel) | Idle").waitFor({ timeout: 60_000 });
  await page.evaluate(() => {
    // Not awaited here: the promise ends with the last cell.
    const app = globalThis as unknown as { jupyterapp: { commands: { execute(name: string): Promise<unknown> } } };
    void app.jupyterapp.commands.execute("notebook:run-all-cells");
  });
  await page.locator(".jp-OutputArea-output", { hasText: "Training and serving differ in 0 of" }).waitFor({ timeout: 120_000 });
  expect(await page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').allTextContents()).toEqual(
    [],
  );
  expect(await page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').allTextContents()).toEqual(
    [],
  );
  const chart = page.locator(".jp-OutputArea-output .chart svg.marks").first();
  await chart.scrollIntoViewIfNeeded();
  expect(await chart.locator("path").count()).toBeGreaterThan(5);
  await shot("jupyter-light");
});

it("saves HTML and text beside every view, and a picture where there is one", async () => {
  await command("docmanager:save");
  const saved = JSON.parse(readFileSync(path.join(root, "late-flights.ipynb"), "utf8")) as {
    cells: { outputs?: { data?: Record<string, unknown> }[] }[];
  };
  const views = saved.cells
    .flatMap(({ outputs = [] }) => outputs)
    .flatMap(({ data }) => (data?.["application/vnd.skewproof.view.v1+json"] === undefined ? [] : [data]));
  expect(views.length).toBe(6);
  for (const view of views) for (const type of ["text/html", "text/plain"]) expect(view).toHaveProperty([type]);
  expect(views.filter((view) => view["image/png"] !== undefined).length).toBe(1);
});

it("shows the saved notebook in a page of plain HTML", () => {
  const html = execFileSync(
    python,
    ["-m", "jupyter", "nbconvert", "--to", "html", "--stdout", path.join(root, "late-flights.ipynb")],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  expect(html).toContain("origin_late_share_1h");
  expect(html).toContain("data:image/png;base64,");
});

it("lists the features in the side panel, and opens one with its chart", async () => {
  await command("skewproof:show-features");
  const panel = page.locator("#skewproof-features");
  await panel.getByText("origin_late_share_1h", { exact: true }).first().waitFor();
  await shot("jupyter-panel");
  await panel.getByRole("button", { name: "origin_late_share_1h" }).first().click();
  await page.locator(".lm-TabBar-tab.lm-mod-current", { hasText: "origin_late_share_1h" }).waitFor();
  const tab = page.locator('[id="skewproof-feature-origin_traffic.origin_late_share_1h"]');
  await tab.locator(".chart svg.marks").waitFor();
  await shot("jupyter-feature");
  await tab.getByRole("button", { name: /late-flights\.yaml:\d+/ }).click();
  await page.locator(".jp-FileEditor", { hasText: "origin_late_share_1h" }).waitFor();
});

it("follows the dark theme", async () => {
  const tab = page.locator('[id="skewproof-feature-origin_traffic.origin_late_share_1h"] .skewproof-view');
  const colour = (): Promise<string> => tab.evaluate((element) => getComputedStyle(element).color);
  const light = await colour();
  await command("apputils:change-theme", { theme: "JupyterLab Dark" });
  await page.locator('body[data-jp-theme-light="false"]').waitFor({ state: "attached" });
  expect(await colour()).not.toBe(light);
  await page.locator(".lm-TabBar-tab", { hasText: "origin_late_share_1h" }).click();
  await shot("jupyter-dark");
});

it("asked nothing of other machines and threw nothing", () => {
  expect(elsewhere).toEqual([]);
  expect(errors).toEqual([]);
});
