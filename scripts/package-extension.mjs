// Packages the extension for this platform as dist/skewproof-vscode-PLATFORM.vsix: its bundles, and beside them the command
// line with the native packages, which only ever run in processes of their own.
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { createVSIX } from "@vscode/vsce";

import { blankSymbols } from "./blank-symbols.mjs";
import { natives } from "./natives.mjs";

const root = path.resolve(import.meta.dirname, "..");
const extension = path.join(root, "extension");
const stage = path.join(extension, "dist/stage");
const platform = `${process.platform}-${process.arch}`;

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
for (const name of ["bundle", "media", "README.md", "LICENSE"])
  cpSync(path.join(extension, name), path.join(stage, name), { recursive: true, filter: (file) => !file.endsWith(".map") });
const manifest = JSON.parse(readFileSync(path.join(extension, "package.json"), "utf8"));
// Bundled already, and CommonJS by its ending.
for (const key of ["type", "private", "devDependencies"]) delete manifest[key];
writeFileSync(path.join(stage, "package.json"), JSON.stringify(manifest, undefined, 2));

const server = path.join(stage, "server");
for (const name of ["bin", "bundle", "package.json"])
  cpSync(path.join(root, "core", name), path.join(server, name), { recursive: true, filter: (file) => !file.endsWith(".map") });

/** Another platform's binaries, sources, and what only an install script or a compiler reads. */
function isWanted(file) {
  const binary = /\/bin\/napi-v\d+\/(\w+)(?:\/(\w+))?/.exec(file);
  if (binary !== null) return binary[1] === process.platform && (binary[2] === undefined || binary[2] === process.arch);
  // Of lmdb's builds the one for every Node version.
  if (/\/node\.(abi\d+|napi\.musl)/.test(file)) return false;
  return !/\.(map|d\.ts|d\.cts|d\.mts|ts|md|c|cc|cpp|h|gyp|wasm)$|\/(dependencies|deps|dict|src|script|test|docs|examples)(\/|$)|\/test\.js$|\.min\.js$|sbom/.test(
    file,
  );
}

const copied = new Set();
function copyPackage(name, from) {
  if (copied.has(name)) return;
  const nested = path.join(from, "node_modules", name);
  const folder = existsSync(nested) ? nested : path.join(root, "node_modules", name);
  if (!existsSync(folder)) return; // An optional package of another platform.
  copied.add(name);
  const own = path.join(folder, "node_modules");
  cpSync(folder, path.join(server, "node_modules", name), {
    recursive: true,
    filter: (file) => file !== own && isWanted(file.slice(folder.length)),
  });
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  for (const one of Object.keys({ ...dependencies, ...optionalDependencies })) if (!unused.has(one)) copyPackage(one, folder);
}
/** Read by install scripts alone. */
const unused = new Set(["adm-zip", "global-agent", "node-addon-api", "msgpackr-extract"]);
for (const name of natives) copyPackage(name, root);
for (const name of globSync("node_modules/**/*.{so,node}*", { cwd: server })) {
  const library = readFileSync(path.join(server, name));
  blankSymbols(library);
  writeFileSync(path.join(server, name), library);
}

const packagePath = path.join(extension, "dist", `skewproof-vscode-${platform}.vsix`);
await createVSIX({ cwd: stage, packagePath, target: platform, dependencies: false, allowMissingRepository: true });
console.log(packagePath);
