import { parentPort, workerData } from "node:worker_threads";

import { InferenceSession, Tensor } from "onnxruntime-node";

/** A tensor as it travels between threads. */
export interface WireTensor {
  readonly type: "float32" | "float64" | "int64" | "int32" | "bool" | "string";
  readonly data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | readonly string[];
  readonly dims: readonly number[];
}

export interface InferenceCall {
  readonly id: number;
  readonly inputs: Readonly<Record<string, WireTensor>>;
}

export type InferenceAnswer =
  | { readonly id: number; readonly outputs: Readonly<Record<string, WireTensor>> }
  | { readonly id: number; readonly error: string };

// The pool gives the model's path; ONNX Runtime blocks whichever thread it runs on, and this one is its own.
const session = await InferenceSession.create((workerData as { readonly file: string }).file, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
});

async function answer({ id, inputs }: InferenceCall): Promise<InferenceAnswer> {
  try {
    // The wire's types are a subset of ONNX Runtime's.
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { type, data, dims }]) => [name, new Tensor(type, data as Float32Array, dims)]),
    );
    const results = await session.run(feeds);
    const outputs: Record<string, WireTensor> = {};
    for (const [name, { type, data, dims }] of Object.entries(results))
      outputs[name] = { type: type as WireTensor["type"], data: data as WireTensor["data"], dims };
    return { id, outputs };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (call: InferenceCall) => {
  void answer(call).then((reply) => parentPort?.postMessage(reply));
});
parentPort?.postMessage("ready");
