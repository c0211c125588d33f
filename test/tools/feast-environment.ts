import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const packages = ["feast==0.67.0"];

/** The Python of an environment with Feast, kept in `.cache` for as long as its packages stay the same. */
export function feastPython(): string {
  const environment = path.resolve(import.meta.dirname, "../../.cache/feast");
  const python = path.join(environment, "bin/python");
  const stamp = path.join(environment, `installed ${packages.join(" ")}`);
  if (existsSync(stamp)) return python;
  rmSync(environment, { recursive: true, force: true });
  execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
  execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], { stdio: "inherit" });
  writeFileSync(stamp, "");
  return python;
}
