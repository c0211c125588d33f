import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { SkewproofError } from "../../errors.js";
import { digestFile } from "./digest.js";

const execute = promisify(execFile);

export interface PythonEnvironment {
  /** Folder of the venv's programs, to stand first in PATH. */
  readonly bin: string;
  readonly python: string;
  readonly packages: readonly string[];
}

/** Runs `python3 --version`; undefined when there is no Python of 3.10 or newer. */
export async function findPython(): Promise<{ readonly command: string; readonly version: string } | undefined> {
  for (const command of ["python3", "python"]) {
    try {
      const { stdout } = await execute(command, ["-c", "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])"]);
      const [major = 0, minor = 0] = stdout.trim().split(".").map(Number);
      if (major === 3 && minor >= 10) return { command, version: stdout.trim() };
    } catch {
      // Not there, or without venv: the next one may be.
    }
  }
  return undefined;
}

/**
 * The venv of a requirements file, made once per content and Python version under `.skewproof/venvs`. Two starts at
 * once each make their own and the first one is kept. Throws `unavailable` without Python, `failed` when pip fails.
 */
export async function pythonEnvironment(
  root: string,
  requirements: string,
  signal?: AbortSignal,
  progress: (message: string) => void = () => undefined,
): Promise<PythonEnvironment> {
  const python = await findPython();
  if (python === undefined)
    throw new SkewproofError(
      "unavailable",
      "Python 3.10 or newer with venv was not found. Install python3 (on Debian also python3-venv), or use a model that is already trained.",
    );
  const digest = (await digestFile(requirements)).slice(0, 16);
  const folder = path.join(root, ".skewproof", "venvs", `${python.version}-${digest}`);
  if (!existsSync(folder)) {
    mkdirSync(path.dirname(folder), { recursive: true });
    progress("Making the Python environment (once)");
    const temporary = mkdtempSync(`${folder}.new-`);
    try {
      await execute(python.command, ["-m", "venv", temporary], { signal });
      await execute(
        path.join(temporary, "bin", "python"),
        [
          "-m",
          "pip",
          "install",
          "--quiet",
          "--disable-pip-version-check",
          "--require-hashes",
          "--only-binary",
          ":all:",
          "-r",
          requirements,
        ],
        { signal, maxBuffer: 1 << 26 },
      );
      if (!existsSync(folder)) renameSync(temporary, folder);
    } catch (error) {
      signal?.throwIfAborted();
      const text =
        error instanceof Error && "stderr" in error
          ? String(error.stderr).trim().split("\n").slice(-3).join("\n")
          : String(error);
      throw new SkewproofError(
        "failed",
        `The Python environment of ${requirements} could not be made:\n${text}\nCheck that a package index is reachable.`,
        { cause: error },
      );
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  // A venv's own scripts name the folder it was made in; `python -m` does not, so only the interpreter is used.
  const bin = path.join(folder, "bin");
  const { stdout } = await execute(path.join(bin, "python"), ["-m", "pip", "freeze", "--disable-pip-version-check"]);
  return { bin, python: python.version, packages: stdout.trim().split("\n") };
}
