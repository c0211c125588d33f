import { randomUUID } from "node:crypto";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import type { View } from "../../views/view.js";
import type { Job } from "../job.js";

export interface Outcome {
  readonly result: unknown;
  readonly view?: View;
}

export interface Work {
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

interface Entry {
  job: Job;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Ended jobs that are still told of. */
const remembered = 100;

/** The engine's jobs, in memory. */
export class Jobs {
  readonly #entries = new Map<string, Entry>();

  get running(): number {
    return [...this.#entries.values()].filter(({ job }) => job.state === "running").length;
  }

  start(kind: string, work: (context: Work) => Promise<Outcome>): Job {
    const controller = new AbortController();
    const job: Job = { id: randomUUID(), kind, state: "running", progress: null, result: null, view: null, error: null };
    const progress = (message: string): void => {
      entry.job = { ...entry.job, progress: { message } };
    };
    // The first step of the work waits for the next turn, when `entry` exists.
    const ended = Promise.resolve()
      .then(() => work({ signal: controller.signal, progress }))
      .then(
        ({ result, view }) => {
          entry.job = { ...entry.job, state: "done", result, view: view ?? null };
        },
        (error: unknown) => {
          entry.job = { ...entry.job, ...failure(error, controller.signal.aborted) };
        },
      );
    const entry: Entry = { job, controller, ended };
    this.#entries.set(job.id, entry);
    for (const [id, one] of this.#entries)
      if (this.#entries.size > remembered && one.job.state !== "running") this.#entries.delete(id);
    return job;
  }

  /** The job, once it has ended or `wait` milliseconds have passed. Throws `missing` for an unknown id. */
  async get(id: string, wait = 0): Promise<Job> {
    const entry = this.#find(id);
    if (wait > 0 && entry.job.state === "running") {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([entry.ended, new Promise((resolve) => (timer = setTimeout(resolve, wait)))]);
      clearTimeout(timer);
    }
    return entry.job;
  }

  /** Asks the job to stop and waits until it has. */
  async cancel(id: string): Promise<Job> {
    const entry = this.#find(id);
    entry.controller.abort(new SkewproofError("cancelled", `The ${entry.job.kind} job was cancelled.`));
    await entry.ended;
    return entry.job;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((id) => this.cancel(id)));
  }

  #find(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new SkewproofError("missing", `There is no job ${id}; the engine that ran it may have ended.`);
    return entry;
  }
}

function failure(error: unknown, cancelled: boolean): Pick<Job, "state" | "error"> {
  const message = error instanceof Error ? error.message : String(error);
  if (cancelled) return { state: "cancelled", error: { message: "Cancelled; nothing half-written is left.", code: "cancelled" } };
  return { state: "failed", error: { message, code: isSkewproofError(error) ? error.code : "defect" } };
}
