import { mkdirSync } from "node:fs";
import path from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { repository } from "../process/command-line.js";
import { accessibilityProblems } from "../tools/accessibility.js";
import { launchBrowser } from "../tools/browser.js";
import { startEngineProcess, type EngineProcess } from "../tools/engine-process.js";
import { skewedProject } from "../tools/skewed-project.js";

const screenshots = path.join(repository, "test/output/screenshots");
const errors: string[] = [];
let browser: Browser;
let page: Page;
let engine: EngineProcess;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const root = await skewedProject();
  engine = await startEngineProcess(root);
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${engine.url}/#token=${engine.token}`);
  await page.getByRole("button", { name: "Run Skew Check" }).click();
  await page.getByRole("heading", { name: "Skew of shop" }).waitFor();
});

afterAll(async () => {
  await browser.close();
  engine.stop();
});

const shot = (name: string): Promise<Buffer> => page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });

it("shows the causes with their counts, and both rows of a value side by side", async () => {
  await page.getByText("9 served rows compared").waitFor();
  await page.getByRole("button", { name: "all causes" }).waitFor();
  await shot("skew-light");
  expect(await accessibilityProblems(page)).toEqual([]);
});

it("narrows to a cause and walks through its examples by keyboard", async () => {
  const expired = page.getByRole("button", { name: /^expired/ });
  await expired.focus();
  await page.keyboard.press("Enter");
  expect(await expired.getAttribute("aria-pressed")).toBe("true");
  await page.getByRole("heading", { name: "last_amount: expired" }).waitFor();
  await page.getByText("was past the ttl of 30d; training finds the row of 2026-01-11T12:00:00Z.").waitFor();
  const row = page.locator(".sides tr", { hasText: "last_amount" });
  expect(await row.locator("td").allTextContents()).toEqual(["null", "30", "OUTSIDE_MAX_AGE", "2025-12-01T10:00:00Z"]);
  expect(await row.locator("td.differs").count()).toBe(2);
  await page.getByRole("button", { name: /^stale materialization/ }).click();
  await page.getByText(/Example 1 of \d+/).waitFor();
  await page.getByRole("button", { name: "Next example" }).click();
  await page.getByText(/Example 2 of \d+/).waitFor();
  await shot("skew-cause");
});

it("keeps its contrast in the dark, and fits a narrow window", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("skew-dark");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.setViewportSize({ width: 380, height: 900 });
  await shot("skew-narrow");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
  await page.setViewportSize({ width: 1100, height: 900 });
  await page.emulateMedia({ colorScheme: "light", forcedColors: "active" });
  await shot("skew-high-contrast");
  await page.emulateMedia({ forcedColors: "none" });
  expect(errors).toEqual([]);
});
