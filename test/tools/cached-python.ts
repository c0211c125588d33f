import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const repository = path.resolve(import.meta.dirname, "../..");

export interface CachedPython {
  readonly environment: string;
  readonly python: string;
  readonly pip: (...args: readonly string[]) => void;
}

/** A Python environment with these packages, kept in `.cache/NAME` for as long as they stay the same. */
export function cachedPython(name: string, packages: readonly string[]): CachedPython {
  const environment = path.join(repository, ".cache", name);
  const python = path.join(environment, "bin/python");
  const pip = (...args: readonly string[]): void => {
    execFileSync(python, ["-m", "pip", "--quiet", "--disable-pip-version-check", ...args], { stdio: "inherit" });
  };
  const stamp = path.join(environment, `installed ${packages.join(" ")}`);
  if (!existsSync(stamp)) {
    rmSync(environment, { recursive: true, force: true });
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
    pip("install", ...packages);
    writeFileSync(stamp, "");
  }
  return { environment, python, pip };
}
