import { SkewproofError } from "../../errors.js";
import type { ModelVersion } from "../../models/bundle.js";
import type { OnnxSignature } from "../../models/onnx-signature.js";
import { inspectOnnx } from "../../models/node/inspect-onnx.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { didYouMean } from "../../values/nearest-name.js";
import { inputPacker, type PackedInput } from "../pack-inputs.js";
import type { Value } from "../../values/value.js";
import { startInference, type Inference } from "./inference.js";

/** A model version that is loaded and warm. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: OnnxSignature;
  readonly inference: Inference;
  /** Absent for a plain ONNX file that no service feeds. */
  readonly features?: {
    readonly service: FeatureService;
    readonly output: { readonly name: string; readonly class?: number };
    readonly pack: (rows: readonly (readonly Value[])[]) => Record<string, PackedInput>;
  };
  readonly bundle?: ModelVersion;
}

/** The versions in one sidecar; a switch of the active one is a single assignment between two requests. */
export class ServedModels {
  private readonly models = new Map<string, { active: ServedModel; previous?: ServedModel }>();

  /** Loads a version beside the old one, warms it, then makes it the active one. On any failure the old keeps serving. */
  async activate(version: ModelVersion, service: FeatureService): Promise<ServedModel> {
    const expected = version.bundle.features.map(({ name }) => name).join(", ");
    const actual = service.features.map(({ name }) => name).join(", ");
    if (expected !== actual)
      throw new SkewproofError(
        "invalid",
        `${version.model}@${version.version} was made for the features ${expected}; the service ${service.name} now has ${actual}. Train it again.`,
      );
    const file = `${version.folder}/model.onnx`;
    const inference = await startInference(file);
    const pack = inputPacker(version.bundle, service);
    try {
      await inference.run(pack([service.features.map(() => null)]));
    } catch (error) {
      await inference.close();
      throw error;
    }
    return this.put({
      name: version.model,
      version: version.version,
      signature: await inspectOnnx(file),
      inference,
      features: { service, output: version.bundle.output, pack },
      bundle: version,
    });
  }

  /** A plain ONNX file, as in a model repository. */
  async activateFile(name: string, version: string, file: string): Promise<ServedModel> {
    return this.put({ name, version, signature: await inspectOnnx(file), inference: await startInference(file) });
  }

  private put(model: ServedModel): ServedModel {
    const old = this.models.get(model.name);
    this.models.set(model.name, old === undefined ? { active: model } : { active: model, previous: old.active });
    void old?.previous?.inference.close();
    return model;
  }

  /** The version before is active again. */
  rollback(name: string): ServedModel {
    const found = this.models.get(name);
    if (found?.previous === undefined)
      throw new SkewproofError("usage", `The model ${name} has no earlier version here to roll back to.`);
    this.models.set(name, { active: found.previous, previous: found.active });
    return found.previous;
  }

  find(name: string, version?: string): ServedModel {
    const found = this.models.get(name);
    if (found === undefined)
      throw new SkewproofError(
        "missing",
        `There is no model ${name} here.${didYouMean(name, this.models.keys())} Models: ${[...this.models.keys()].join(", ") || "none"}.`,
      );
    const chosen = [found.active, found.previous].find(
      (one) => one !== undefined && (version === undefined || one.version === version),
    );
    if (chosen === undefined)
      throw new SkewproofError(
        "missing",
        `The model ${name} has no version ${version ?? ""} here; version ${found.active.version} is active.`,
      );
    return chosen;
  }

  list(): readonly { readonly active: ServedModel; readonly previous?: ServedModel }[] {
    return [...this.models.values()];
  }

  async close(): Promise<void> {
    for (const { active, previous } of this.list()) for (const model of [active, previous]) await model?.inference.close();
  }
}
