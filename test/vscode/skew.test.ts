import { mkdirSync } from "node:fs";
import path from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { repository, temporaryFolder } from "../process/command-line.js";
import { launchBrowser } from "../tools/browser.js";
import { endProcesses } from "../tools/late-flights.js";
import { packagedExtension } from "../tools/packaged-extension.js";
import { skewedProject } from "../tools/skewed-project.js";
import { startEditor, webviewFrame, type EditorServer } from "../tools/vscode-server.js";

const screenshots = path.join(repository, "test/output/screenshots");
let root: string;
let editor: EditorServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  root = await skewedProject();
  editor = await startEditor(temporaryFolder(), packagedExtension());
  browser = await launchBrowser();
  page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
  page.setDefaultTimeout(20_000);
});

afterAll(async () => {
  await browser.close();
  await editor.stop();
  endProcesses(root);
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await shot(`vscode-skew-failure-${task.name.replaceAll(/\W+/g, "-")}`);
});

const shot = (name: string): Promise<Buffer> => page.screenshot({ path: path.join(screenshots, `${name}.png`) });
const testRow = (label: string): ReturnType<Page["locator"]> =>
  page.locator(".test-explorer .monaco-list-row", { hasText: label }).first();

async function runCommand(title: string): Promise<void> {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input[type=text]").fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title.split(": ").at(-1) ?? title }).waitFor();
  await page.keyboard.press("Enter");
}

it("shows each service in the Testing view, and after a run what differs by cause, feature and example", async () => {
  await page.goto(`${editor.origin}/?folder=${encodeURIComponent(root)}`);
  await page.locator('.activitybar a[aria-label^="Skewproof"]').first().waitFor();
  await page.locator('.activitybar a[aria-label^="Testing"]').first().click();
  await testRow("shop").waitFor();
  await runCommand("Test: Run All Tests");
  await page.locator(".test-explorer .monaco-list-row .codicon-testing-failed-icon").first().waitFor({ timeout: 40_000 });
  for (const label of ["shop", "expired", "last_amount"]) {
    await testRow(label).click();
    await page.keyboard.press("ArrowRight");
  }
  await testRow("customer_id 2").waitFor();
  await shot("vscode-skew-tests");
});

it("tells the evidence, with what training computes as expected and what was served as actual", async () => {
  await testRow("customer_id 2").dblclick();
  await page.getByText("was past the ttl of 30d").first().waitFor();
  await shot("vscode-skew-failure");
});

it("shows both rows in the Skew panel", async () => {
  await runCommand("Skewproof: Run Skew Check");
  const frame = await webviewFrame(page, ".chips");
  await frame.getByRole("button", { name: /^expired/ }).click();
  await frame.getByText("was past the ttl of 30d").waitFor();
  expect(await frame.locator(".sides tr", { hasText: "last_amount" }).locator("td.differs").allTextContents()).toEqual([
    "null",
    "30",
  ]);
  await shot("vscode-skew-panel");
});
