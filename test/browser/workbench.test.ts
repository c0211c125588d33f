import { mkdirSync } from "node:fs";
import path from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { newProject, repository, skewproof } from "../process/command-line.js";
import { accessibilityProblems } from "../tools/accessibility.js";
import { launchBrowser } from "../tools/browser.js";
import { startEngineProcess, type EngineProcess } from "../tools/engine-process.js";

const screenshots = path.join(repository, "test/output/screenshots");
let browser: Browser;
let page: Page;
let engine: EngineProcess;
const elsewhere: string[] = [];
const errors: string[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const root = newProject();
  const made = skewproof(root, ["training-set", "--service", "shop", "--labels", "data/labels.csv", "--out", "training.parquet"]);
  expect(made.stderr).toBe("");
  engine = await startEngineProcess(root);
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
  page.on("request", (request) => {
    if (!request.url().startsWith(engine.url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
});

afterAll(async () => {
  await browser.close();
  engine.stop();
});

const shot = (name: string): Promise<Buffer> => page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });

it("opens by its address with the token, which then leaves the address", async () => {
  await page.goto(`${engine.url}/#token=${engine.token}`);
  await page.getByRole("heading", { name: "Features of shop" }).waitFor();
  expect(page.url()).toBe(`${engine.url}/#features`);
  await shot("workbench-features");
  expect(await accessibilityProblems(page)).toEqual([]);
});

it("filters, and says when nothing fits", async () => {
  const filter = page.getByRole("searchbox", { name: "Filter features" });
  await filter.fill("no such feature");
  await page.getByText("No feature holds “no such feature”.").waitFor();
  await filter.fill("spent");
  await page.getByRole("button", { name: "spent_7d", exact: true }).waitFor();
});

it("opens a feature by keyboard alone and draws its distribution", async () => {
  await page.getByRole("searchbox").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "customer_orders.", level: 2 }).waitFor();
  await page.locator(".chart svg.marks").waitFor();
  await shot("workbench-feature-light");
  expect(await accessibilityProblems(page)).toEqual([]);
});

it("keeps its contrast in the dark and in a narrow window", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("workbench-feature-dark");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.setViewportSize({ width: 380, height: 800 });
  await shot("workbench-feature-narrow");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
  await page.setViewportSize({ width: 1100, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
});

it("shows models and deployments", async () => {
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByRole("heading", { name: "Models" }).waitFor();
  await page.getByRole("link", { name: "Deployments" }).click();
  await page.getByRole("heading", { name: "Deployments" }).waitFor();
  await page.getByRole("cell", { name: "local" }).waitFor();
});

it("says what to do where nothing was served yet", async () => {
  await page.getByRole("link", { name: "Features" }).click();
  await page.getByRole("button", { name: "Run Skew Check" }).click();
  await page.getByText("Nothing was served from shop yet").waitFor();
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("Nothing was served from shop yet").waitFor();
  await shot("workbench-skew-empty");
});

it("asks nothing of other machines and throws nothing", () => {
  expect(elsewhere).toEqual([]);
  expect(errors).toEqual([]);
});

it("says what to do without a token", async () => {
  const fresh = await browser.newPage();
  await fresh.goto(engine.url);
  await fresh.getByText("This address lacks its token.").waitFor();
  await fresh.close();
});

it("says what to do when the engine has ended", async () => {
  engine.stop("SIGKILL");
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByText("The engine does not answer any more.").waitFor();
});
