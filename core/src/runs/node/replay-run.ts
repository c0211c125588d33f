import type { LoadedProject } from "../../registry/node/load-project.js";
import { compareRuns, type RunDifference, type RunManifest } from "../run-manifest.js";
import { runPipeline, type RunOptions } from "./run-pipeline.js";
import { readRun } from "./run-store.js";

export interface Replay {
  readonly original: RunManifest;
  readonly repeated: RunManifest;
  readonly identical: boolean;
  /** In the order in which they matter; the first one explains the others. */
  readonly differences: readonly RunDifference[];
}

/** Repeats a run with its own parameters and says what differs. No model version is registered. */
export async function replayRun(
  loaded: LoadedProject,
  id: string,
  options: Pick<RunOptions, "signal" | "progress"> = {},
): Promise<Replay> {
  const original = readRun(loaded.root, id);
  const repeated = await runPipeline(loaded, {
    pipeline: original.pipeline,
    parameters: original.parameters,
    replayOf: original.id,
    ...options,
  });
  const differences = compareRuns(original, repeated);
  return { original, repeated, identical: differences.length === 0, differences };
}
