// What `jupyter-builder build` does, without Python: the npm builder with the pinned core metadata.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const folder = path.resolve(import.meta.dirname, "..");
const builder = path.join(path.dirname(require.resolve("@jupyter/builder/package.json")), "lib/build-labextension.js");
const core = path.join(path.dirname(require.resolve("@jupyterlab/core-meta/package.json")), "core.package.json");
rmSync(path.join(folder, "skewproof/labextension"), { recursive: true, force: true });
execFileSync(process.execPath, [builder, "--core-package-file", core, "."], {
  stdio: ["ignore", "inherit", "inherit"],
  cwd: folder,
});
