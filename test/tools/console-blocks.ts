import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { repository, temporaryFolder } from "../process/command-line.js";

export interface Step {
  readonly command: string;
  readonly expected: string;
  readonly printed: string;
}

/** Runs the lines that begin with `$` in a page's console blocks, in a project's folder; `skewproof` is the built one. */
export function runConsoleBlocks(page: string, root: string): Step[] {
  const bin = temporaryFolder();
  const command = path.join(repository, "core/bin/skewproof.mjs");
  writeFileSync(path.join(bin, "skewproof"), `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`);
  chmodSync(path.join(bin, "skewproof"), 0o755);
  const text = readFileSync(path.join(repository, page), "utf8");
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((step) => {
      const [line = "", ...expected] = step.split("\n");
      const { stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: root, env, encoding: "utf8" });
      return { command: line, expected: expected.join("\n"), printed: `${stdout}${stderr}` };
    });
}
