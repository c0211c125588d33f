import { SkewproofError } from "../errors.js";
import type { Model } from "../registry/bound-project.js";
import { printValueType } from "../values/value-type-text.js";
import type { OnnxSignature, OnnxTensor } from "./onnx-signature.js";

/** How a service's features feed one input of a model: as columns of `[N, features]`, or one feature as `[N]` or `[N, 1]`. */
export interface InputMapping {
  readonly input: string;
  readonly type: "float32" | "float64" | "int64" | "bool" | "string";
  /** Names of the service's features, in the order of the input's columns. */
  readonly features: readonly string[];
  readonly rank: 1 | 2;
}

const takes: Readonly<Record<InputMapping["type"], readonly string[]>> = {
  float32: ["float64", "int64", "bool", "decimal"],
  float64: ["float64", "int64", "bool", "decimal"],
  int64: ["int64", "bool"],
  bool: ["bool"],
  string: ["string"],
};

/**
 * The data contract between a service and a model. One input `[N, k]` takes the service's k features in their order;
 * otherwise each input is named like a feature. Throws `invalid` naming input and feature where they do not fit.
 */
export function mapInputs(model: Model, signature: OnnxSignature, file: string): readonly InputMapping[] {
  const { service } = model;
  const names = service.features.map(({ name }) => name);
  const [only, ...more] = signature.inputs;
  if (only !== undefined && more.length === 0 && only.shape.length === 2 && !names.includes(only.name)) {
    const width = only.shape[1];
    if (typeof width === "number" && width !== names.length)
      throw new SkewproofError(
        "invalid",
        `${file}: the input ${only.name} takes ${width} columns, but the service ${service.name} has ${names.length} features: ${names.join(", ")}.`,
      );
    return [checked(model, only, names, file)];
  }
  return signature.inputs.map((input) => {
    if (!names.includes(input.name))
      throw new SkewproofError(
        "invalid",
        `${file}: no feature of the service ${service.name} feeds the input ${input.name}. Features: ${names.join(", ")}.`,
      );
    return checked(model, input, [input.name], file);
  });
}

function checked({ service }: Model, input: OnnxTensor, features: readonly string[], file: string): InputMapping {
  const { type } = input;
  if (!(type in takes))
    throw new SkewproofError(
      "invalid",
      `${file}: the input ${input.name} is ${type}; inputs are ${Object.keys(takes).join(", ")}.`,
    );
  // The line above has established that the type is one of the table's.
  const known = type as InputMapping["type"];
  for (const feature of service.features.filter(({ name }) => features.includes(name)))
    if (!takes[known].includes(feature.feature.type.kind))
      throw new SkewproofError(
        "invalid",
        `${file}: the input ${input.name} is ${type} and cannot take the feature ${feature.name}, which is ${printValueType(feature.feature.type)}. Cast it, or leave it out of the service.`,
      );
  if (input.shape.length !== 1 && input.shape.length !== 2)
    throw new SkewproofError(
      "invalid",
      `${file}: the input ${input.name} has ${input.shape.length} dimensions; [N] and [N, k] can be fed by features.`,
    );
  return { input: input.name, type: known, features, rank: input.shape.length === 1 ? 1 : 2 };
}
