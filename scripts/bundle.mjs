// Bundles what ships: the command line with its workers. tsc has already emitted and checked everything.
import { existsSync } from "node:fs";
import { build } from "esbuild";

/** Native packages stay outside every bundle; they are loaded only where they run. */
export const natives = ["@duckdb/node-api", "lmdb", "onnxruntime-node", "@napi-rs/canvas"];

const entryPoints = {
  skewproof: "core/dist/cli/entry.js",
  "inference-worker": "core/dist/serving/node/inference-worker.js",
};

await build({
  entryPoints: Object.fromEntries(Object.entries(entryPoints).filter(([, file]) => existsSync(file))),
  outdir: "core/bundle",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  external: natives,
  sourcemap: "linked",
  logLevel: "warning",
  // CommonJS dependencies in an ESM bundle still call require for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
