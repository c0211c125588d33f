import Type from "typebox";
import type { FastifyInstance } from "fastify";

import { SkewproofError } from "../../errors.js";
import type { OnnxTensor } from "../../models/onnx-signature.js";
import { version as serverVersion } from "../../version.js";
import type { WireTensor } from "./inference-worker.js";
import type { ServedModel, ServedModels } from "./served-models.js";

/** Datatypes of the Open Inference Protocol v2 and ONNX Runtime's names for them. */
const datatypes = { FP32: "float32", FP64: "float64", INT64: "int64", INT32: "int32", BOOL: "bool", BYTES: "string" } as const;

const inferBody = Type.Object({
  id: Type.Optional(Type.String()),
  inputs: Type.Array(
    Type.Object({
      name: Type.String(),
      datatype: Type.String(),
      shape: Type.Array(Type.Integer({ minimum: 0 })),
      data: Type.Array(Type.Unknown()),
    }),
    { minItems: 1 },
  ),
  outputs: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
});
type InferBody = Type.Static<typeof inferBody>;

/** The REST half of the Open Inference Protocol v2: server, model metadata, readiness, infer. */
export function registerOpenInferenceProtocol(server: FastifyInstance, models: ServedModels): void {
  server.get("/v2", () => ({ name: "skewproof", version: serverVersion, extensions: [] }));
  server.get("/v2/health/live", () => ({ live: true }));
  server.get("/v2/health/ready", () => ({ ready: true }));
  for (const prefix of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    server.get<{ Params: { model: string; version?: string } }>(prefix, ({ params }) =>
      metadata(models.find(params.model, params.version)),
    );
    server.get<{ Params: { model: string; version?: string } }>(`${prefix}/ready`, ({ params }) => ({
      name: models.find(params.model, params.version).name,
      ready: true,
    }));
    server.post<{ Params: { model: string; version?: string }; Body: InferBody }>(
      `${prefix}/infer`,
      { schema: { body: inferBody } },
      ({ params, body }) => infer(models.find(params.model, params.version), body),
    );
  }
}

function metadata({ name, version, signature }: ServedModel): object {
  const describe = ({ name: tensor, type, shape }: OnnxTensor): object => ({
    name: tensor,
    datatype: datatypeOf(type),
    shape: shape.map((size) => (typeof size === "number" ? size : -1)),
  });
  return {
    name,
    versions: [version],
    platform: "onnxruntime_onnx",
    inputs: signature.inputs.map(describe),
    outputs: signature.outputs.map(describe),
  };
}

function datatypeOf(type: string): string {
  return Object.entries(datatypes).find(([, name]) => name === type)?.[0] ?? type.toUpperCase();
}

async function infer(model: ServedModel, body: InferBody): Promise<object> {
  const inputs: Record<string, WireTensor> = {};
  for (const { name, datatype, shape, data } of body.inputs) {
    const declared = model.signature.inputs.find((input) => input.name === name);
    const names = model.signature.inputs.map((input) => input.name).join(", ");
    if (declared === undefined)
      throw new SkewproofError("usage", `inputs: the model ${model.name} has no input ${name}. Inputs: ${names}.`);
    inputs[name] = toTensor(name, datatype, shape, data);
    if (inputs[name].type !== declared.type)
      throw new SkewproofError("usage", `inputs: ${name} is ${datatypeOf(declared.type)}, not ${datatype}.`);
    const fits =
      declared.shape.length === shape.length &&
      declared.shape.every((size, index) => typeof size !== "number" || size === shape[index]);
    if (!fits)
      throw new SkewproofError(
        "usage",
        `inputs: ${name} has the shape [${declared.shape.join(", ")}], not [${shape.join(", ")}].`,
      );
  }
  const missing = model.signature.inputs.filter(({ name }) => !(name in inputs)).map(({ name }) => name);
  if (missing.length > 0) throw new SkewproofError("usage", `inputs: ${missing.join(", ")} missing.`);
  const results = await model.inference.run(inputs);
  const wanted = body.outputs?.map(({ name }) => name) ?? Object.keys(results);
  const outputs = wanted.map((name) => {
    const tensor = results[name];
    if (tensor === undefined)
      throw new SkewproofError(
        "usage",
        `outputs: the model ${model.name} has no output ${name}. Outputs: ${Object.keys(results).join(", ")}.`,
      );
    const data = Array.from<unknown, unknown>(tensor.data, (value) =>
      typeof value === "bigint" ? Number(value) : tensor.type === "bool" ? value === 1 : value,
    );
    return { name, datatype: datatypeOf(tensor.type), shape: tensor.dims, data };
  });
  return { model_name: model.name, model_version: model.version, ...(body.id === undefined ? {} : { id: body.id }), outputs };
}

function toTensor(name: string, datatype: string, dims: readonly number[], nested: readonly unknown[]): WireTensor {
  const data = nested.flat(Infinity);
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== size)
    throw new SkewproofError(
      "usage",
      `inputs: ${name} has ${data.length} values, but its shape [${dims.join(", ")}] holds ${size}.`,
    );
  const all = <T>(kind: string, fits: (value: unknown) => value is T): T[] => {
    const wrong = data.findIndex((value) => !fits(value));
    if (wrong >= 0)
      throw new SkewproofError("usage", `inputs: ${name}.data[${wrong}] is ${JSON.stringify(data[wrong])}, not a ${kind}.`);
    return data as T[];
  };
  const isNumber = (value: unknown): value is number => typeof value === "number";
  switch (datatype) {
    case "FP32":
      return { type: "float32", dims, data: Float32Array.from(all("number", isNumber)) };
    case "FP64":
      return { type: "float64", dims, data: Float64Array.from(all("number", isNumber)) };
    case "INT32":
      return {
        type: "int32",
        dims,
        data: Int32Array.from(all("whole number", (value): value is number => Number.isInteger(value))),
      };
    case "INT64":
      return {
        type: "int64",
        dims,
        data: BigInt64Array.from(
          all(
            "whole number",
            (value): value is number | string =>
              Number.isSafeInteger(value) || (typeof value === "string" && /^-?\d{1,19}$/.test(value)),
          ),
          (value) => BigInt(value),
        ),
      };
    case "BOOL":
      return {
        type: "bool",
        dims,
        data: Uint8Array.from(
          all("bool", (value): value is boolean => typeof value === "boolean"),
          Number,
        ),
      };
    case "BYTES":
      return { type: "string", dims, data: all("text", (value): value is string => typeof value === "string") };
    default:
      throw new SkewproofError(
        "usage",
        `inputs: ${name} has the datatype ${datatype}; this server takes ${Object.keys(datatypes).join(", ")}.`,
      );
  }
}
