import { execFileSync } from "node:child_process";
import path from "node:path";

import { repository } from "../process/command-line.js";

let file: string | undefined;

/** The .vsix of this platform, packaged once per process from what `npm run build` made. */
export function packagedExtension(): string {
  file ??= execFileSync(process.execPath, [path.join(repository, "scripts/package-extension.mjs")], { encoding: "utf8" })
    .trim()
    .split("\n")
    .at(-1);
  if (file === undefined) throw new Error("scripts/package-extension.mjs names no file.");
  return file;
}
