import { spawn } from "node:child_process";

import { Cron } from "croner";

import type { LoadedProject } from "../../registry/node/load-project.js";

export interface ScheduleOptions {
  /** Program and first arguments of the command line, for the process that materializes. */
  readonly command: readonly string[];
  /** Told of every run that ended. */
  readonly ended: (views: readonly string[], failure: string | undefined) => void;
}

/**
 * Materializes views by the cron expressions (UTC) of their definitions, each time in a process of its own, so that what
 * serves beside it keeps its memory and its cores. A run that is still going when the next is due is not started twice;
 * when several processes keep one schedule, the second finds nothing left to do.
 */
export function startSchedule({ root, project }: LoadedProject, { command, ended }: ScheduleOptions): { stop(): void } {
  const [program = "", ...args] = command;
  const byPattern = new Map<string, string[]>();
  for (const view of project.views.values())
    if (view.kind === "feature_view" && view.schedule !== undefined)
      byPattern.set(view.schedule, [...(byPattern.get(view.schedule) ?? []), view.name]);
  const running = new Set<ReturnType<typeof spawn>>();
  const jobs = [...byPattern].map(
    ([pattern, views]) =>
      new Cron(pattern, { timezone: "UTC", protect: true, unref: true }, async () => {
        ended(views, await materialize(views));
      }),
  );

  function materialize(views: readonly string[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      const child = spawn(program, [...args, "materialize", ...views, "--project", root, "--json"], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      running.add(child);
      let errors = "";
      child.stderr.on("data", (data: Buffer) => (errors = (errors + data.toString()).slice(-4000)));
      child.once("error", (error) => {
        resolve(error.message);
      });
      child.once("close", (status) => {
        running.delete(child);
        resolve(status === 0 ? undefined : errors.trim());
      });
    });
  }

  return {
    stop() {
      for (const job of jobs) job.stop();
      for (const child of running) child.kill("SIGTERM");
    },
  };
}
