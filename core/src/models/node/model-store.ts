import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import type { Model } from "../../registry/bound-project.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestFile, digestText } from "../../runs/node/digest.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Bundle, ModelVersion } from "../bundle.js";
import { mapInputs } from "../input-mapping.js";
import { inspectOnnx } from "./inspect-onnx.js";

export interface RegisterOptions {
  readonly model: Model;
  readonly file: string;
  readonly runId?: string;
  /** Profile and manifest of the training set, and the run's manifest, to travel with the model. */
  readonly attachments?: Readonly<Record<string, string>>;
}

const modelsFolder = (root: string): string => path.join(root, ".skewproof", "models");

/**
 * Registers an ONNX file as the next version of a model, after checking that the service's features feed it. The folder
 * appears whole, by a rename; two registrations at once get two versions.
 */
export async function registerModelVersion(
  { root, project }: LoadedProject,
  { model, file, runId, attachments = {} }: RegisterOptions,
): Promise<ModelVersion> {
  const signature = await inspectOnnx(file);
  const inputs = mapInputs(model, signature, file);
  if (!signature.outputs.some(({ name }) => name === model.output.name))
    throw new SkewproofError(
      "invalid",
      `${file} has no output ${model.output.name}, which the model ${model.name} names. Outputs: ${signature.outputs.map(({ name }) => name).join(", ")}.`,
    );
  const folder = path.join(modelsFolder(root), model.name);
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(path.join(folder, ".new-"));
  try {
    const files: Record<string, string> = {};
    for (const [name, from] of Object.entries({ "model.onnx": file, ...attachments })) {
      copyFileSync(from, path.join(temporary, name));
      files[name] = await digestFile(path.join(temporary, name));
    }
    for (let version = nextVersion(folder); ; version++) {
      const bundle: Bundle = {
        format: 1,
        model: model.name,
        version: String(version),
        project: project.name,
        service: model.service.name,
        task: model.task,
        output: model.output,
        inputs,
        fill: model.fill,
        features: model.service.features.map(({ name, feature }) => ({ name, type: printValueType(feature.type) })),
        definitions: project.digest,
        ...(runId === undefined ? {} : { run: runId }),
        files,
      };
      const text = canonicalJson(bundle);
      writeFileSync(path.join(temporary, "bundle.json"), text);
      const target = path.join(folder, String(version));
      try {
        renameSync(temporary, target);
      } catch (error) {
        // Another registration took this number; a folder with files in it is never replaced by a rename.
        if (existsSync(target)) continue;
        throw error;
      }
      return { model: model.name, version: String(version), digest: digestText(text), folder: target, bundle };
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function versionsIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function nextVersion(folder: string): number {
  return (versionsIn(folder).at(-1) ?? 0) + 1;
}

/** All versions, oldest first; a damaged one is left out here and told by `openBundle`. */
export async function listModelVersions(root: string, model?: string): Promise<ModelVersion[]> {
  const folder = modelsFolder(root);
  const names = model === undefined ? (existsSync(folder) ? readdirSync(folder).sort() : []) : [model];
  const found: ModelVersion[] = [];
  for (const name of names)
    for (const version of versionsIn(path.join(folder, name))) {
      try {
        found.push(await openBundle(path.join(folder, name, String(version))));
      } catch (error) {
        if (!isSkewproofError(error)) throw error;
      }
    }
  return found;
}

/** `model`, `model@3` or `model@latest`. Throws `usage` when there is none, `corrupt` when it is damaged. */
export async function findModelVersion(root: string, reference: string): Promise<ModelVersion> {
  const [model = "", version = "latest"] = reference.split("@");
  const folder = path.join(modelsFolder(root), model);
  const versions = versionsIn(folder);
  const chosen = version === "latest" ? versions.at(-1) : versions.find((one) => String(one) === version);
  if (chosen === undefined)
    throw new SkewproofError(
      "usage",
      versions.length === 0
        ? `No version of the model ${model} is registered. Run its pipeline, or \`skewproof model import FILE --model ${model}\`.`
        : `The model ${model} has no version ${version}. Versions: ${versions.join(", ")}.`,
    );
  return openBundle(path.join(folder, String(chosen)));
}

/** Reads a bundle and verifies every file in it against its digest, before anything else in it is read. Throws `corrupt`. */
export async function openBundle(folder: string): Promise<ModelVersion> {
  const file = path.join(folder, "bundle.json");
  if (!existsSync(file)) throw new SkewproofError("missing", `${folder} is no bundle: it has no bundle.json.`);
  const text = readFileSync(file, "utf8");
  let bundle: Bundle;
  try {
    // Our own form; the checks below and the digests guard it.
    bundle = JSON.parse(text) as Bundle;
    if (canonicalJson(bundle) !== text) throw new Error("it is not canonical JSON");
  } catch (error) {
    throw new SkewproofError(
      "corrupt",
      `${file} is damaged: ${error instanceof Error ? error.message : String(error)}. Deploy or import the model again.`,
      { cause: error },
    );
  }
  if (bundle.format !== 1 || typeof bundle.files !== "object")
    throw new SkewproofError("corrupt", `${file} is of a format that this version cannot read.`);
  for (const [name, digest] of Object.entries(bundle.files)) {
    if (path.basename(name) !== name) throw new SkewproofError("corrupt", `${file} names ${name}, which is outside the bundle.`);
    const member = path.join(folder, name);
    if (!existsSync(member) || !lstatSync(member).isFile())
      throw new SkewproofError("corrupt", `${member} is missing from the bundle, or is not a plain file.`);
    if ((await digestFile(member)) !== digest)
      throw new SkewproofError(
        "corrupt",
        `${member} is not the file that was registered: its SHA-256 differs. Register the model again.`,
      );
  }
  return { model: bundle.model, version: bundle.version, digest: digestText(text), folder, bundle };
}
