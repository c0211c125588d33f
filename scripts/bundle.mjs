// Bundles what ships. tsc has already emitted and checked everything.
import { cpSync, rmSync } from "node:fs";
import { build } from "esbuild";

import { natives } from "./natives.mjs";

const shared = { bundle: true, splitting: true, format: "esm", chunkNames: "chunks/[name]-[hash]", logLevel: "warning" };

/** The command line with its workers. */
const core = {
  ...shared,
  entryPoints: {
    skewproof: "core/dist/cli/entry.js",
    "inference-worker": "core/dist/serving/node/inference-worker.js",
    "feature-log-worker": "core/dist/serving/node/feature-log-worker.js",
  },
  outdir: "core/bundle",
  platform: "node",
  target: "node22",
  external: natives,
  // The Kafka client's WebAssembly, inside the JavaScript: beside a bundle its own path leads nowhere.
  alias: { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" },
  minify: true,
  keepNames: true,
  sourcemap: "linked",
  // CommonJS dependencies in an ESM bundle still call require for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};

/** What a browser draws; Vega is a chunk of its own, loaded with the first chart. */
const browser = { ...shared, platform: "browser", target: "es2023", minify: true };

/** The extension's own part: no native code, nothing but the editor's API and the language client. */
const extensionHost = {
  bundle: true,
  entryPoints: { extension: "extension/dist/src/extension.js" },
  outdir: "extension/bundle",
  outExtension: { ".js": ".cjs" },
  platform: "node",
  format: "cjs",
  target: "node22",
  external: ["vscode"],
  sourcemap: "linked",
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: "warning",
};

const bundles = [
  core,
  { ...browser, entryPoints: { workbench: "webviews/dist/page/workbench.js" }, outdir: "core/bundle/workbench" },
  extensionHost,
  {
    ...browser,
    entryPoints: { panel: "extension/dist/webview/panel.js", renderer: "extension/dist/webview/renderer.js" },
    outdir: "extension/bundle",
  },
];
for (const folder of ["core/bundle", "extension/bundle"]) rmSync(folder, { recursive: true, force: true });
for (const options of bundles) await build(options);
for (const file of ["index.html", "workbench.css"]) cpSync(`webviews/src/page/${file}`, `core/bundle/workbench/${file}`);
