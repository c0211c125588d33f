import type { LoadedProject } from "../registry/node/load-project.js";

/** Keeps the views' schedules while this process runs, and says on stderr what came of each run. */
export async function keepSchedule(loaded: LoadedProject): Promise<{ stop(): void }> {
  const { startSchedule } = await import("../online/node/schedule.js");
  return startSchedule(loaded, {
    command: [process.execPath, process.argv[1] ?? ""],
    ended: (views, failure) => {
      const names = views.join(", ");
      process.stderr.write(failure === undefined ? `Materialized ${names}\n` : `Materializing ${names} failed: ${failure}\n`);
    },
  });
}
