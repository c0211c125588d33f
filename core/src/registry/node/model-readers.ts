import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import type { Bundle } from "../../models/bundle.js";
import type { ModelReader } from "../dependents.js";

/**
 * Registered versions: `current` are those that a change can break, of each model the newest and what was deployed last to
 * any target. Only the bundles' descriptions are read; their files are verified where they are loaded.
 */
export function readModelReaders(root: string, which: "current" | "all"): ModelReader[] {
  const folder = path.join(root, ".skewproof", "models");
  if (!existsSync(folder)) return [];
  const deployed = deployedVersions(root);
  return readdirSync(folder)
    .sort()
    .flatMap((model) => {
      const versions = readdirSync(path.join(folder, model))
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
      const wanted = versions.filter(
        (version) => which === "all" || version === Math.max(...versions) || deployed.has(`${model}@${version}`),
      );
      return wanted.sort((a, b) => a - b).flatMap((version) => readReader(path.join(folder, model, String(version))));
    });
}

function readReader(folder: string): ModelReader[] {
  try {
    // Our own form; whoever loads the bundle tells of damage.
    const bundle = JSON.parse(readFileSync(path.join(folder, "bundle.json"), "utf8")) as Bundle;
    const used = new Set(bundle.inputs.flatMap(({ features }) => features));
    const features = bundle.features.filter(({ name }) => used.has(name));
    return [{ model: bundle.model, version: bundle.version, features, definitions: bundle.definitions }];
  } catch {
    return [];
  }
}

function deployedVersions(root: string): Set<string> {
  const file = path.join(root, ".skewproof", "deployments.json");
  if (!existsSync(file)) return new Set();
  try {
    // What `deploy` writes: by target, the version of each model. It is told of damage where it is deployed from.
    const deployments = JSON.parse(readFileSync(file, "utf8")) as Record<string, { models: Record<string, string> }>;
    return new Set(
      Object.values(deployments).flatMap(({ models }) => Object.entries(models).map(([model, version]) => `${model}@${version}`)),
    );
  } catch {
    return new Set();
  }
}
