// Bundles what ships. tsc has already emitted and checked everything.
import { cpSync, rmSync } from "node:fs";
import { build } from "esbuild";

/** Native packages stay outside every bundle; they are loaded only where they run. */
export const natives = ["@duckdb/node-api", "lmdb", "onnxruntime-node", "@napi-rs/canvas"];

const shared = { bundle: true, splitting: true, format: "esm", chunkNames: "chunks/[name]-[hash]", logLevel: "warning" };

/** The command line with its workers. */
const core = {
  ...shared,
  entryPoints: {
    skewproof: "core/dist/cli/entry.js",
    "inference-worker": "core/dist/serving/node/inference-worker.js",
  },
  outdir: "core/bundle",
  platform: "node",
  target: "node22",
  external: natives,
  sourcemap: "linked",
  // CommonJS dependencies in an ESM bundle still call require for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};

/** What a browser draws; Vega is a chunk of its own, loaded with the first chart. */
const browser = { ...shared, platform: "browser", target: "es2023", minify: true };

const bundles = [
  core,
  { ...browser, entryPoints: { workbench: "webviews/dist/page/workbench.js" }, outdir: "core/bundle/workbench" },
];
rmSync("core/bundle", { recursive: true, force: true });
for (const options of bundles) await build(options);
for (const file of ["index.html", "workbench.css"]) cpSync(`webviews/src/page/${file}`, `core/bundle/workbench/${file}`);
