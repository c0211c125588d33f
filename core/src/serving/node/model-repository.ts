import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";

/** Files in Triton's layout, NAME/VERSION/model.onnx; of each model the greatest version comes last. Throws `missing`. */
export function repositoryModels(folder: string): { name: string; version: string; file: string }[] {
  if (!existsSync(folder)) throw new SkewproofError("missing", `The model repository ${folder} is not there.`);
  const found = readdirSync(folder)
    .filter((name) => statSync(path.join(folder, name)).isDirectory())
    .flatMap((name) =>
      readdirSync(path.join(folder, name))
        .filter((version) => /^\d+$/.test(version) && existsSync(path.join(folder, name, version, "model.onnx")))
        .sort((a, b) => Number(a) - Number(b))
        .map((version) => ({ name, version, file: path.join(folder, name, version, "model.onnx") })),
    );
  if (found.length === 0) throw new SkewproofError("missing", `The model repository ${folder} holds no NAME/VERSION/model.onnx.`);
  return found;
}
