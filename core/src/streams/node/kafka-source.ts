import { setTimeout as sleep } from "node:timers/promises";

import type { Consumer, Message, MessagesStream } from "@platformatic/kafka";
import { Gauge, type Registry } from "prom-client";

import { SkewproofError } from "../../errors.js";
import type { KafkaTopic } from "../../registry/bound-project.js";
import type { PushReport } from "../push-report.js";
import { rowOfText } from "./given-rows.js";
import type { GivenRow, Pusher } from "./push-rows.js";

export interface KafkaOptions {
  /** The default group is of this project and the source. */
  readonly project: string;
  /** Messages pushed at a time; default 1,000. */
  readonly batch?: number;
  /** Messages read and not pushed yet, from which on no more are read; default 10,000. */
  readonly mostBuffered?: number;
  /** Milliseconds after which the group takes a silent member for gone; default 10,000. */
  readonly sessionTimeout?: number;
  /** What became of the messages of one push, after their offsets were committed. */
  readonly report?: (report: PushReport) => void;
  /** What went wrong and is tried again. */
  readonly problem?: (message: string) => void;
}

export interface KafkaSource {
  /** By assigned partition: messages that are in the topic and not committed yet. */
  lag(): Promise<ReadonlyMap<number, bigint>>;
  /** Reads no more, finishes what is being pushed, commits it, and leaves the group. */
  close(): Promise<void>;
}

/** Milliseconds until something that failed is tried again; doubled up to the second. */
const patience = [250, 5000] as const;

/**
 * Reads a stream's topic as a member of its consumer group, from the first message that the group has not committed.
 * Messages are JSON objects. Offsets are committed after their rows are pushed, so that a message may come twice, which
 * the event id absorbs, and none is lost. What is no row goes to quarantine with its topic, partition and offset. The
 * pusher stays the caller's. Throws `usage` when the stream has no `kafka` or a credential's variable is not set,
 * `unavailable` when no broker answers.
 */
export async function openKafkaSource(pusher: Pusher, options: KafkaOptions): Promise<KafkaSource> {
  const { source } = pusher;
  const {
    batch = 1000,
    mostBuffered = 10_000,
    sessionTimeout = 10_000,
    report = () => undefined,
    problem = () => undefined,
  } = options;
  const { kafka } = source.stream;
  if (kafka === undefined)
    throw new SkewproofError("usage", `The stream ${source.name} declares no \`kafka\`: its brokers and topic.`);
  const connection = connectionOf(kafka);
  const { Consumer } = await import("@platformatic/kafka");
  let consumer: Consumer | undefined;
  let stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined;
  let buffered: Message[] = [];
  const closing = new AbortController();
  let wake: () => void = () => undefined;

  async function connect(): Promise<void> {
    consumer = new Consumer({
      groupId: kafka?.group ?? `skewproof.${options.project}.${source.name}`,
      clientId: `skewproof-${source.name}`,
      ...connection,
      // What fails for longer is begun again from here.
      retries: 2,
      retryDelay: 250,
    });
    try {
      stream = await consumer.consume({
        topics: [kafka?.topic ?? ""],
        autocommit: false,
        mode: "committed",
        fallbackMode: "earliest",
        sessionTimeout,
        heartbeatInterval: sessionTimeout / 5,
        rebalanceTimeout: sessionTimeout * 2,
        maxWaitTime: 500,
      });
    } catch (error) {
      await consumer.close(true).catch(() => undefined);
      throw new SkewproofError("unavailable", `Kafka at ${kafka?.brokers.join(", ") ?? ""} does not answer: ${textOf(error)}`, {
        cause: error,
      });
    }
    const current = stream;
    current.on("data", (message) => {
      buffered.push(message);
      if (buffered.length >= mostBuffered) current.pause();
      wake();
    });
    const lost = (why: string): void => {
      if (stream !== current || closing.signal.aborted) return;
      problem(`Reading ${kafka?.topic ?? ""} was interrupted and is begun again: ${why}`);
      stream = undefined;
      wake();
    };
    current.on("error", (error) => lost(textOf(error)));
    consumer.on("error", (error) => lost(textOf(error)));
    consumer.on("consumer:heartbeat:stalled", () => lost("The group does not hear of this member."));
  }

  async function disconnect(): Promise<void> {
    const [oldStream, oldConsumer] = [stream, consumer];
    [stream, consumer] = [undefined, undefined];
    // What was read and not pushed comes again, to this member or to another.
    buffered = [];
    await within(patience[1], oldStream?.close()).catch(() => undefined);
    await within(patience[1], oldConsumer?.close(true)).catch(() => undefined);
  }

  /** Does `work` until it succeeds or the source is closed, which it says. */
  async function persistently(work: () => Promise<void>): Promise<boolean> {
    for (let wait: number = patience[0]; !closing.signal.aborted; wait = Math.min(wait * 2, patience[1])) {
      try {
        await work();
        return true;
      } catch (error) {
        problem(textOf(error));
        await sleep(wait, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    return false;
  }

  async function commit(messages: readonly Message[]): Promise<void> {
    // Of what belongs to another member by now, the offset is that one's to say.
    const mine = new Set(consumer?.assignments?.find(({ topic }) => topic === kafka?.topic)?.partitions);
    const last = new Map(messages.map((message) => [message.partition, message]));
    const offsets = [...last.values()]
      .filter(({ partition }) => mine.has(partition))
      .map(({ topic, partition, offset, leaderEpoch }) => ({ topic, partition, offset: offset + 1n, leaderEpoch }));
    if (offsets.length === 0) return;
    try {
      await within(sessionTimeout, consumer?.commit({ offsets }));
    } catch (error) {
      // The next commit says it too; until then the messages may come again.
      problem(`Offsets were not committed: ${textOf(error)}`);
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      if (stream === undefined) {
        await disconnect();
        await persistently(connect);
        continue;
      }
      if (buffered.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const messages = buffered.splice(0, batch);
      if (stream.isPaused() && buffered.length < mostBuffered / 2) stream.resume();
      const rows = messages.map(rowOfMessage);
      let pushed: PushReport | undefined;
      await persistently(async () => {
        pushed = await pusher.push(rows);
      });
      if (pushed === undefined) return;
      await commit(messages);
      report(pushed);
    }
  }

  await connect();
  const running = run();
  return {
    async lag() {
      const found = await consumer?.getLag({ topics: [kafka.topic] });
      const partitions = found?.get(kafka.topic) ?? [];
      return new Map([...partitions.entries()].filter(([, lag]) => lag >= 0n));
    },
    async close() {
      closing.abort();
      wake();
      await running;
      await disconnect();
    },
  };
}

/** A gauge of a source's lag by partition, asked for when metrics are read. */
export function lagGauge(registry: Registry, sources: ReadonlyMap<string, KafkaSource>): Gauge {
  return new Gauge({
    name: "skewproof_kafka_lag_messages",
    help: "Messages of a topic that are not committed yet, by source and partition",
    labelNames: ["source", "partition"],
    registers: [registry],
    async collect() {
      this.reset();
      for (const [source, kafka] of sources)
        for (const [partition, lag] of await kafka.lag().catch(() => new Map<number, bigint>()))
          this.set({ source, partition }, Number(lag));
    },
  });
}

function rowOfMessage({ topic, partition, offset, value }: Message): GivenRow {
  const origin = { topic, partition, offset: String(offset) };
  // A message without a value marks a deletion for compacted topics, whatever the typings say.
  const bytes = value as Buffer | undefined | null;
  if (bytes === undefined || bytes === null) return { row: { text: "" }, reason: "The message has no value.", origin };
  const text = bytes.toString("utf8");
  if (text.includes("\ufffd") && !Buffer.from(text).equals(bytes))
    return { row: { text: bytes.toString("base64") }, reason: "The message is not UTF-8; here it is in base64.", origin };
  return { ...rowOfText(text), origin };
}

function connectionOf({ brokers, tls, sasl }: KafkaTopic) {
  return {
    bootstrapBrokers: [...brokers],
    ...(tls ? { tls: {} } : {}),
    ...(sasl === undefined
      ? {}
      : { sasl: { mechanism: sasl.mechanism, username: variable(sasl.username), password: variable(sasl.password) } }),
  };
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "")
    throw new SkewproofError("usage", `The environment variable ${name}, which holds a credential of Kafka, is not set.`);
  return value;
}

/** What `work` gives, or an error when it takes longer: a client in the midst of a rebalance may not answer for minutes. */
async function within<T>(milliseconds: number, work: Promise<T> | undefined): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`Kafka's client has not answered for ${milliseconds / 1000} s.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** The words of an error and of what it is made of. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.map(textOf).join("; ") : "";
  return inner === "" ? error.message : `${error.message}: ${inner}`;
}
