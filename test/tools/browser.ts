import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { chromium, type Browser } from "playwright-core";

import { cachedPackages } from "./cache.js";

const installed = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** `SKEWPROOF_BROWSER`, else an installed Chromium or Chrome, else the one of the npm package @sparticuz/chromium. */
async function findBrowser(): Promise<string> {
  const named = process.env.SKEWPROOF_BROWSER;
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    throw new Error(`SKEWPROOF_BROWSER is ${named}, which does not exist.`);
  }
  for (const folder of (process.env.PATH ?? "").split(path.delimiter))
    for (const name of installed) if (existsSync(path.join(folder, name))) return path.join(folder, name);
  const folder = cachedPackages("chromium", ["@sparticuz/chromium@147.0.0"]);
  // It unpacks into TMPDIR/chromium and takes any file of that name for its own: a folder of ours keeps others' away.
  const before = process.env.TMPDIR;
  process.env.TMPDIR = path.join(folder, "unpacked");
  mkdirSync(process.env.TMPDIR, { recursive: true });
  const entry = createRequire(path.join(folder, "package.json")).resolve("@sparticuz/chromium");
  const { default: packaged } = (await import(pathToFileURL(entry).href)) as { default: { executablePath(): Promise<string> } };
  const file = await packaged.executablePath();
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  return file;
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findBrowser(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
}
