import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const repository = path.resolve(import.meta.dirname, "../..");

/** A folder in `.cache` with these npm packages, installed once without running any install script; `then` runs after them. */
export function cachedPackages(name: string, packages: readonly string[], then?: (folder: string) => void): string {
  const folder = path.join(repository, ".cache", name);
  const stamp = path.join(folder, `installed ${packages.join(" ").replaceAll("/", "-")}`);
  if (existsSync(stamp)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
  npmInstall(folder, ...packages);
  then?.(folder);
  writeFileSync(stamp, "");
  return folder;
}

export function npmInstall(folder: string, ...args: string[]): void {
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
