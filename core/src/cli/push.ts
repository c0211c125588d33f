import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { batchSize } from "./whole-number.js";

export function registerPush(program: Command): void {
  program
    .command("push")
    .description("Push rows to a stream, from a file or as NDJSON from stdin: durable when it returns.")
    .argument("<source>", "a source with `stream: true`")
    .option("--file <rows>", "Parquet, CSV or NDJSON; default NDJSON from stdin")
    .option("--batch <rows>", "rows that are pushed at a time, 1 to 10000", "1000")
    .addHelpText(
      "after",
      "\nExample:\n  skewproof push clicks --file clicks.ndjson\n\nExit status 1 says that some rows went to quarantine.",
    )
    .action(act(push));
}

/** Batches under way at once: one is written while another is read and validated. */
const underWay = 4;

async function push(
  invocation: Invocation,
  source: string,
  options: { readonly file?: string; readonly batch: string },
): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { SkewproofError } = await import("../errors.js");
  const { openOnlinePusher } = await import("../online/node/online-pusher.js");
  const { rowsOfFile, rowsOfLines } = await import("../streams/node/given-rows.js");
  const size = await batchSize(options.batch);
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const file = options.file === undefined ? undefined : invocation.path(options.file);
  const pusher = await openOnlinePusher(loaded, source);
  const sum = { accepted: 0, duplicates: 0, quarantined: 0 };
  const reasons = new Map<string, number>();
  const started = performance.now();
  const running = new Set<Promise<void>>();
  try {
    for await (const rows of file === undefined ? rowsOfLines(process.stdin, size) : rowsOfFile(loaded.root, file, size)) {
      if (invocation.signal.aborted)
        throw new SkewproofError("cancelled", `Stopped. What was answered until then is in the log: ${sum.accepted} rows.`);
      const one = pusher.push(rows).then((report) => {
        sum.accepted += report.accepted;
        sum.duplicates += report.duplicates;
        sum.quarantined += report.quarantined;
        for (const row of report.rows) if ("reason" in row) reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1);
        invocation.progress(`${sum.accepted + sum.duplicates + sum.quarantined} rows`);
      });
      running.add(one);
      void one.finally(() => running.delete(one)).catch(() => undefined);
      if (running.size >= underWay) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
    await pusher.close();
  }
  const seconds = (performance.now() - started) / 1000;
  const most = [...reasons].sort(([, a], [, b]) => b - a).slice(0, 10);
  invocation.result(
    { source, ...sum, reasons: most.map(([reason, rows]) => ({ reason, rows })) },
    [
      `${source}: ${sum.accepted} rows accepted, ${sum.duplicates} duplicates, ${sum.quarantined} in quarantine, in ${seconds.toFixed(1)} s`,
      ...most.map(([reason, rows]) => `  ${rows}  ${reason}`),
      ...(sum.quarantined === 0 ? [] : [`They are in .skewproof/quarantine/${source}.`]),
    ].join("\n"),
  );
  return sum.quarantined === 0 ? 0 : 1;
}
