import type { Job } from "./job.js";

/** One request to the engine's API, as the host makes it. */
type Call = <T>(method: "GET" | "POST" | "DELETE", route: string, body?: unknown) => Promise<T>;

/** Runs a job to its end, telling of its progress. Cancels it, and gives undefined, when `cancelled` says so. */
export async function followJob(
  call: Call,
  kind: string,
  parameters: unknown,
  progress: (message: string | undefined) => void,
  cancelled: () => boolean,
): Promise<Job | undefined> {
  let job = await call<Job>("POST", "jobs", { kind, parameters });
  while (job.state === "running") {
    if (cancelled()) {
      await call("DELETE", `jobs/${job.id}`);
      return undefined;
    }
    progress(job.progress?.message);
    job = await call<Job>("GET", `jobs/${job.id}?wait=500`);
  }
  if (job.state === "done") return job;
  throw new Error(job.error?.message ?? `The ${kind} job was ${job.state}.`);
}
