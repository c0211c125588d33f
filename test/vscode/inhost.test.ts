import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { newProject, repository, skewproof, temporaryFolder } from "../process/command-line.js";
import { launchBrowser } from "../tools/browser.js";
import { packagedExtension } from "../tools/packaged-extension.js";
import { startEditor } from "../tools/vscode-server.js";

interface Result {
  readonly title: string;
  readonly error?: string;
}

// Read from the suite, so that every test of it is a test here, with its own failure.
const suite = readFileSync(path.join(import.meta.dirname, "inhost/suite.cjs"), "utf8");
const titles = [...suite.matchAll(/^\s*(describe|it)\("([^"]+)"/gm)].reduce<{ group: string; all: string[] }>(
  ({ group, all }, [, kind = "", title = ""]) =>
    kind === "describe" ? { group: title, all } : { group, all: [...all, `${group} ${title}`] },
  { group: "", all: [] },
).all;

let results: Result[] = [];
let log = "";

/** The packaged .vsix in a real VS Code; the suite runs inside its extension host, on a project with a training set. */
beforeAll(async () => {
  const project = newProject();
  const made = skewproof(project, [
    "training-set",
    "--service",
    "shop",
    "--labels",
    "data/labels.csv",
    "--out",
    "training.parquet",
  ]);
  if (made.status !== 0) throw new Error(made.stderr);
  const file = path.join(temporaryFolder(), "results.json");
  process.env.SKEWPROOF_TEST_RESULTS = file;
  const editor = await startEditor(temporaryFolder(), packagedExtension(), ["--vscode-option", "enable-smoke-test-driver"]);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    let ended: (code: number) => void = () => undefined;
    const exit = new Promise<number>((resolve) => (ended = resolve));
    await page.exposeFunction("codeAutomationExit", (code: number) => ended(code));
    await page.exposeFunction("codeAutomationLog", (_: string, args: unknown[]) => (log += `${args.map(String).join(" ")}\n`));
    const remote = (name: string): string =>
      `vscode-remote://${new URL(editor.origin).host}${path.join(repository, "test/vscode", name)}`;
    const url = new URL(editor.origin);
    url.searchParams.set("folder", project);
    const payload = [
      ["extensionDevelopmentPath", remote("harness")],
      ["extensionTestsPath", remote("inhost/index.cjs")],
    ];
    url.searchParams.set("payload", JSON.stringify(payload));
    await page.goto(url.href);
    const timeout = new Promise<number>((resolve) => setTimeout(() => resolve(-1), 180_000).unref());
    const code = await Promise.race([exit, timeout]);
    if (code !== 0) {
      mkdirSync(path.join(repository, "test/output/screenshots"), { recursive: true });
      await page.screenshot({ path: path.join(repository, "test/output/screenshots/vscode-inhost-failure.png") });
      throw new Error(`The extension host's tests ended with ${code}.\n${log}\n${editor.output()}`);
    }
    results = JSON.parse(readFileSync(file, "utf8")) as Result[];
  } finally {
    await browser.close();
    await editor.stop();
  }
}, 600_000);

describe("in the extension host", () => {
  it.each(titles)("%s", (title) => {
    const found = results.find((one) => one.title === title);
    expect(found, `${title} did not run`).toBeDefined();
    expect(found?.error).toBeUndefined();
  });
});
