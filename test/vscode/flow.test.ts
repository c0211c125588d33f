import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { repository, temporaryFolder } from "../process/command-line.js";
import { launchBrowser } from "../tools/browser.js";
import { endProcesses, lateFlights, must } from "../tools/late-flights.js";
import { packagedExtension } from "../tools/packaged-extension.js";
import { startEditor, webviewFrame, type EditorServer } from "../tools/vscode-server.js";

const screenshots = path.join(repository, "test/output/screenshots");
let root: string;
let editor: EditorServer;
let browser: Browser;
let page: Page;
const elsewhere: string[] = [];

/** The sample as a user has it after a run: three million flights, a training set, the shipped model imported, the store filled. */
beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  root = await lateFlights();
  writeFileSync(
    path.join(root, "data/labels.csv"),
    "origin,destination,event_timestamp,scheduled_at,distance,late\n" +
      Array.from({ length: 40 }, (_, day) => {
        const at = new Date(Date.UTC(2001, 2, 1 + day, 15)).toISOString();
        return `ORD,LAX,${at},${at},1745.0,${String(day % 4 === 0)}\n`;
      }).join(""),
  );
  must(root, "training-set", "--service", "late_flight", "--labels", "data/labels.csv", "--out", "training.parquet");
  editor = await startEditor(temporaryFolder(), packagedExtension());
  browser = await launchBrowser();
  page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
  page.setDefaultTimeout(20_000);
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:|https:\/\/[^/]+\.vscode-resource\.vscode-cdn\.net)/.test(request.url()))
      elsewhere.push(request.url());
  });
});

afterAll(async () => {
  await browser.close();
  await editor.stop();
  endProcesses(root);
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await shot(`vscode-failure-${task.name.replaceAll(/\W+/g, "-")}`);
});

const shot = (name: string): Promise<Buffer> => page.screenshot({ path: path.join(screenshots, `${name}.png`) });
/** Runs a command by its title, as a user does with the command palette. */
async function runCommand(title: string): Promise<void> {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input[type=text]").fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title.split(": ").at(-1) ?? title }).waitFor();
  await page.keyboard.press("Enter");
}

const treeRow = (label: string): ReturnType<Page["locator"]> => page.locator(`.monaco-list-row[aria-label*="${label}"]`).first();

it("shows the sample's features", async () => {
  await page.goto(`${editor.origin}/?folder=${encodeURIComponent(root)}`);
  await page.locator('.activitybar a[aria-label^="Skewproof"]').first().click();
  await treeRow("late_flight").waitFor();
  await treeRow("origin_traffic").click();
  await treeRow("origin_late_share_1h").waitFor();
  await shot("vscode-features");
});

it("opens a feature's panel with its chart", async () => {
  await treeRow("origin_late_share_1h").click();
  const frame = await webviewFrame(page, ".chart svg.marks");
  expect(await frame.locator("h2").textContent()).toBe("origin_traffic.origin_late_share_1h");
  expect(await frame.locator(".chart svg.marks path").count()).toBeGreaterThan(3);
  await shot("vscode-feature-panel");
});

it("goes from the panel to the definition, with its lenses", async () => {
  const frame = await webviewFrame(page, ".chart svg.marks");
  await frame.getByRole("button", { name: /late-flights\.yaml:\d+/ }).click();
  await page.locator(".codelens-decoration", { hasText: "read by" }).first().waitFor();
  await shot("vscode-definition");
});

it("deploys the model, which then answers a prediction", async () => {
  await treeRow("late_flight@").hover();
  await treeRow("late_flight@").getByRole("button", { name: "Deploy Model" }).click();
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  await shot("vscode-deploy");
  await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.locator(".notification-toast", { hasText: "answers at http://127.0.0.1:" }).waitFor({ timeout: 60_000 });
  await shot("vscode-deployed");
  const state = readFileSync(path.join(root, ".skewproof/deployments.json"), "utf8");
  const { local } = JSON.parse(state) as { local: { url: string; token_file: string } };
  const reply = await fetch(`${local.url}/v1/models/late_flight/predict`, {
    method: "POST",
    headers: { authorization: `Bearer ${readFileSync(local.token_file, "utf8").trim()}`, "content-type": "application/json" },
    body: JSON.stringify({
      entities: [{ origin: "ORD", destination: "LAX" }],
      request: [{ scheduled_at: "2001-06-02T07:00:00Z", distance: 1745 }],
    }),
  });
  const answer: unknown = await reply.json();
  expect(reply.status, JSON.stringify(answer)).toBe(200);
  expect(answer).toMatchObject({ model: "late_flight" });
});

it("draws a view in a notebook's output", async () => {
  const { url, token } = JSON.parse(must(root, "engine", "--ensure", "--json")) as { url: string; token: string };
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const view: unknown = await (await fetch(`${url}/api/features/origin_traffic/origin_late_share_1h`, { headers })).json();
  const bundled = await fetch(`${url}/api/view-bundle`, { method: "POST", headers, body: JSON.stringify({ view }) });
  const data: unknown = await bundled.json();
  const outputs = [{ output_type: "display_data", data, metadata: {} }];
  const cell = { cell_type: "code", execution_count: 1, id: "c1", metadata: {}, source: "%features", outputs };
  const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(path.join(root, "shown.ipynb"), JSON.stringify(notebook));
  await page.keyboard.press("Control+P");
  await page.locator(".quick-input-widget input[type=text]").fill("shown.ipynb");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "shown.ipynb" }).first().click();
  const frame = await webviewFrame(page, ".output .skewproof-view");
  await frame.locator(".chart svg.marks").waitFor();
  expect(await frame.locator(".skewproof-view h2").textContent()).toBe("origin_traffic.origin_late_share_1h");
  await shot("vscode-notebook");
});

it("checks skew of what was served, and asks nothing of other machines", async () => {
  await runCommand("Skewproof: Run Skew Check");
  await page.locator(".quick-input-titlebar", { hasText: "Run Skew Check" }).waitFor();
  await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: "late_flight" }).waitFor();
  await page.keyboard.press("Enter");
  const frame = await webviewFrame(page, "details");
  await frame.getByText("Training and serving differ in 0 of").waitFor();
  await shot("vscode-skew");
  expect(elsewhere).toEqual([]);
});

it("stays readable in high contrast", async () => {
  editor.configure({ "workbench.colorTheme": "Default High Contrast" });
  await page.reload();
  await page.locator(".monaco-workbench.hc-black").waitFor();
  await treeRow("origin_traffic").click();
  await treeRow("origin_late_share_1h").click();
  const frame = await webviewFrame(page, "main#view .chart svg.marks");
  const text = await frame.locator(".skewproof-view").evaluate((element) => getComputedStyle(element).color);
  expect(text).toBe("rgb(255, 255, 255)");
  await shot("vscode-high-contrast");
});
