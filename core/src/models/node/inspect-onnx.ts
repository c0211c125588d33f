import { existsSync } from "node:fs";

import { SkewproofError } from "../../errors.js";
import type { OnnxSignature, OnnxTensor } from "../onnx-signature.js";

/** The inputs and outputs of an ONNX file. Throws `missing`, or `corrupt` for a file that ONNX Runtime cannot load. */
export async function inspectOnnx(file: string): Promise<OnnxSignature> {
  if (!existsSync(file)) throw new SkewproofError("missing", `The model file ${file} is not there.`);
  const { InferenceSession } = await import("onnxruntime-node");
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 4 }).catch((error: unknown) => {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new SkewproofError(
      "corrupt",
      `${file} is not an ONNX model that can be loaded: ${reason}. Export it again, as ONNX opset 21 or older.`,
      { cause: error },
    );
  });
  const read = (
    metadata: readonly { name: string; isTensor: boolean; type?: string; shape?: readonly (number | string)[] }[],
  ): OnnxTensor[] =>
    metadata.map(({ name, isTensor, type, shape }) => ({
      name,
      type: isTensor ? (type ?? "") : "sequence or map",
      shape: shape ?? [],
    }));
  const signature = { inputs: read(session.inputMetadata), outputs: read(session.outputMetadata) };
  await session.release();
  return signature;
}
