import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { SkewproofError } from "../../errors.js";
import type { InferenceAnswer, InferenceCall, WireTensor } from "./inference-worker.js";

/** One model in a worker thread of its own. */
export interface Inference {
  /** Throws `unavailable` when the worker died or the queue is full, `failed` when the model refuses the input. */
  run(inputs: Readonly<Record<string, WireTensor>>): Promise<Readonly<Record<string, WireTensor>>>;
  readonly waiting: number;
  close(): Promise<void>;
}

const longestQueue = 1000;

/** The worker stands beside this file once built, and beside the bundle's entry when bundled. */
function workerFile(): URL {
  const candidates = ["./inference-worker.js", "../inference-worker.js", "../../../dist/serving/node/inference-worker.js"].map(
    (relative) => new URL(relative, import.meta.url),
  );
  const found = candidates.find((url) => existsSync(fileURLToPath(url)));
  if (found === undefined) throw new SkewproofError("missing", "The inference worker is not built. Run `npm run build`.");
  return found;
}

/** Starts a worker with the model loaded. A worker that dies fails its calls and is replaced by the next call. */
export async function startInference(file: string): Promise<Inference> {
  let worker = await startWorker();
  let next = 0;
  const calls = new Map<
    number,
    { resolve: (outputs: Readonly<Record<string, WireTensor>>) => void; reject: (error: Error) => void }
  >();
  let restarting: Promise<void> | undefined;
  let closed = false;

  function startWorker(): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const started = new Worker(workerFile(), { workerData: { file } });
      started.once("message", () => {
        started.on("message", (answer: InferenceAnswer) => {
          settle(answer);
        });
        resolve(started);
      });
      started.once("error", (error) => {
        const text = error instanceof Error ? error.message : String(error);
        reject(new SkewproofError("corrupt", `${file} could not be loaded: ${text}`, { cause: error }));
        lost();
      });
      started.once("exit", lost);
    });
  }

  function settle(answer: InferenceAnswer): void {
    const call = calls.get(answer.id);
    calls.delete(answer.id);
    if ("error" in answer) call?.reject(new SkewproofError("failed", `The model refused the input: ${answer.error}`));
    else call?.resolve(answer.outputs);
  }

  function lost(): void {
    for (const { reject } of calls.values())
      reject(new SkewproofError("unavailable", "The model's worker ended; it is being replaced. Try again."));
    calls.clear();
    if (closed || restarting !== undefined) return;
    restarting = startWorker()
      .then((fresh) => {
        worker = fresh;
      })
      .finally(() => {
        restarting = undefined;
      });
    // A model that loaded once and does not now is told to each call.
    restarting.catch(() => undefined);
  }

  return {
    async run(inputs) {
      if (restarting !== undefined) await restarting;
      if (calls.size >= longestQueue)
        throw new SkewproofError("unavailable", "Too many requests are waiting for this model. Try again in a second.");
      const id = next++;
      const call: InferenceCall = { id, inputs };
      return new Promise((resolve, reject) => {
        calls.set(id, { resolve, reject });
        worker.postMessage(call);
      });
    },
    get waiting() {
      return calls.size;
    },
    async close() {
      closed = true;
      await worker.terminate();
    },
  };
}
