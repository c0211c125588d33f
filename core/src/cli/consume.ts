import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { batchSize } from "./whole-number.js";

export function registerConsume(program: Command): void {
  program
    .command("consume")
    .description("Push a Kafka topic's messages to the stream that declares it, until it is stopped.")
    .argument("<source>", "a stream with `kafka`")
    .option("--batch <rows>", "messages that are pushed at a time, 1 to 10000", "1000")
    .addHelpText("after", "\nExample:\n  skewproof consume clicks\n\nSeveral of one group share the topic's partitions.")
    .action(act(consume));
}

async function consume(invocation: Invocation, source: string, options: { readonly batch: string }): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { openOnlinePusher } = await import("../online/node/online-pusher.js");
  const { openKafkaSource } = await import("../streams/node/kafka-source.js");
  const batch = await batchSize(options.batch);
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const pusher = await openOnlinePusher(loaded, source);
  const sum = { accepted: 0, duplicates: 0, quarantined: 0 };
  const text = (): string =>
    `${source}: ${sum.accepted} rows accepted, ${sum.duplicates} duplicates, ${sum.quarantined} in quarantine`;
  try {
    const kafka = await openKafkaSource(pusher, {
      project: loaded.project.name,
      batch,
      report({ accepted, duplicates, quarantined }) {
        sum.accepted += accepted;
        sum.duplicates += duplicates;
        sum.quarantined += quarantined;
        invocation.progress(text());
      },
      problem: (message) => process.stderr.write(`${message}\n`),
    });
    await invocation.interrupted;
    await kafka.close();
  } finally {
    await pusher.close();
  }
  invocation.result({ source, ...sum }, text());
  return 0;
}
