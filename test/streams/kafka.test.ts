import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Admin, Producer } from "@platformatic/kafka";
import { Registry } from "prom-client";
import type { LoadedProject } from "skewproof/registry/node/load-project";
import { lagGauge, openKafkaSource, type KafkaSource } from "skewproof/streams/node/kafka-source";
import { openPusher, type Pusher } from "skewproof/streams/node/push-rows";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { repository } from "../process/command-line.js";
import { startBroker, whyNoBroker, type Broker } from "../tools/kafka-broker.js";
import { logged } from "./logged.js";
import { click, streamProject } from "./stream-project.js";

const reason = await whyNoBroker();
if (reason !== undefined) {
  if (process.env["CI"] !== undefined) throw new Error(reason);
  process.stdout.write(`SKIPPED: no Kafka broker. ${reason}\n`);
}

describe.skipIf(reason !== undefined)("a stream that reads a Kafka topic", () => {
  let broker: Broker;
  let topics = 0;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker.stop());

  const client = () => ({ clientId: "test", bootstrapBrokers: [broker.address] });

  /** A new topic of three partitions, and a project whose stream reads it. */
  async function newTopic(): Promise<{
    topic: string;
    loaded: LoadedProject;
    send: (values: readonly (string | Buffer | undefined)[]) => Promise<void>;
  }> {
    const topic = `clicks-${++topics}`;
    const admin = new Admin(client());
    await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 });
    await admin.close();
    const loaded = await streamProject((text) =>
      text.replace(
        "event_id: click_id",
        `event_id: click_id\nkafka: { brokers: ["${broker.address}"], topic: ${topic}, group: ${topic} }`,
      ),
    );
    return {
      topic,
      loaded,
      async send(values) {
        const producer = new Producer(client());
        await producer.send({
          messages: values.map((value, index) => ({
            topic,
            partition: index % 3,
            ...(value === undefined ? {} : { value: Buffer.from(value) }),
          })),
        });
        await producer.close();
      },
    };
  }
  const rows = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => JSON.stringify(click(from + index)));
  const ids = async (loaded: LoadedProject): Promise<number[]> =>
    (await logged(loaded)).map(({ click_id: id }) => Number(id)).sort((a, b) => a - b);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 30_000; !(await holds());) {
      if (Date.now() > end) throw new Error(`Not in 30 s: ${what}`);
      await sleep(50);
    }
  }

  /** A member of the group; what it has taken in so far is `taken`. */
  async function member(loaded: LoadedProject, given: Parameters<typeof openPusher>[2] = {}) {
    const pusher: Pusher = openPusher(loaded, "clicks", given);
    const count = { accepted: 0, duplicates: 0, quarantined: 0 };
    const problems: string[] = [];
    const kafka: KafkaSource = await openKafkaSource(pusher, {
      project: "test",
      batch: 50,
      sessionTimeout: 2000,
      report(report) {
        count.accepted += report.accepted;
        count.duplicates += report.duplicates;
        count.quarantined += report.quarantined;
      },
      problem: (message) => problems.push(message),
    });
    return {
      count,
      problems,
      kafka,
      async close() {
        await kafka.close();
        await pusher.close();
      },
    };
  }

  it("takes each message in once, and what is no row to quarantine with its place; the lag goes to zero", async () => {
    const { topic, loaded, send } = await newTopic();
    await send([
      ...rows(0, 300),
      "{ not json",
      JSON.stringify(click(7)),
      JSON.stringify({ click_id: 5 }),
      Buffer.from([0xff, 0xfe]),
      undefined,
    ]);
    const one = await member(loaded);
    await until("all are taken in", () => one.count.accepted === 300 && one.count.duplicates > 0 && one.count.quarantined > 3);
    const registry = new Registry();
    lagGauge(registry, new Map([["clicks", one.kafka]]));
    await until("the lag is zero", async () => [...(await one.kafka.lag()).values()].join() === "0,0,0");
    expect(await registry.metrics()).toContain('skewproof_kafka_lag_messages{source="clicks",partition="2"} 0');
    await one.close();
    expect(await ids(loaded)).toEqual(upTo(300));
    const [file = ""] = globSync(".skewproof/quarantine/clicks/*.ndjson", { cwd: loaded.root });
    // A message may come twice.
    const lines = readFileSync(path.join(loaded.root, file), "utf8").trimEnd().split("\n");
    const aside = [...new Set(lines.map((line) => line.replace(/"moment":"[^"]*",/, "")))]
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .sort((a, b) => String(a["partition"]).localeCompare(String(b["partition"])));
    expect(aside.map(({ topic: from, partition, offset, text }) => [from, partition, offset, text])).toEqual([
      [topic, 0, "100", "{ not json"],
      [topic, 0, "101", Buffer.from([0xff, 0xfe]).toString("base64")],
      [topic, 1, "101", ""],
      [topic, 2, "100", undefined],
    ]);
    expect(aside[3]).toMatchObject({ reason: "click_id: 5 is not a string.", row: { click_id: 5 } });

    // Who comes next begins where the group has committed.
    await send(rows(300, 330));
    const two = await member(loaded);
    await until("the rest is taken in", () => two.count.accepted === 30);
    await two.close();
    expect(two.count.duplicates).toBeLessThanOrEqual(30);
    expect(two.count.quarantined).toBe(0);
  });

  it("shares the partitions among members, who come and go; nothing is lost, and nothing is there twice", async () => {
    const { loaded, send } = await newTopic();
    await send(rows(0, 2000));
    const one = await member(loaded);
    await until("it has begun", () => one.count.accepted > 0);
    const two = await member(loaded);
    // The first may have taken all there is before the second has its partitions: there is more until it works.
    let next = 2000;
    await until("both work", async () => {
      if (two.count.accepted > 0) return true;
      await send(rows(next, next + 200));
      next += 200;
      return false;
    });
    await one.close();
    await send(rows(next, next + 1000));
    next += 1000;
    await until("the other takes all in", async () => (await logged(loaded)).length === next);
    await two.close();
    expect(await ids(loaded)).toEqual(upTo(next));
  });

  it("reads no more than it can push, and commits nothing that was not pushed", async () => {
    const { loaded, send } = await newTopic();
    await send(rows(0, 600));
    let isDown = true;
    const one = await member(loaded, {
      apply: () => (isDown ? Promise.reject(new Error("The store is gone.")) : Promise.resolve()),
    });
    await until("it has tried twice", () => one.problems.length >= 2);
    expect(one.count.accepted).toBe(0);
    await one.close();
    isDown = false;
    const two = await member(loaded, { apply: () => Promise.resolve() });
    await until("all are taken in", () => two.count.accepted === 550);
    expect(two.count.duplicates).toBeGreaterThanOrEqual(50);
    await two.close();
    expect(await ids(loaded)).toEqual(upTo(600));
  });

  it("goes on when the broker was gone", async () => {
    const { loaded, send } = await newTopic();
    await send(rows(0, 100));
    const one = await member(loaded);
    await until("it has begun", () => one.count.accepted === 100);
    await broker.restart();
    await send(rows(100, 200));
    await until("the rest is taken in", () => one.count.accepted === 200);
    await one.close();
    expect(await ids(loaded)).toEqual(upTo(200));
  });

  it("is read by `skewproof consume`, which ends well when it is stopped", async () => {
    const { loaded, send } = await newTopic();
    await send([...rows(0, 60), "no row"]);
    const command = path.join(repository, "core/bin/skewproof.mjs");
    const child = spawn(process.execPath, [command, "consume", "clicks", "--json"], {
      cwd: loaded.root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await until("all are taken in", async () => (await logged(loaded)).length === 60);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ source: "clicks", accepted: 60 });
  });

  it("says what is missing", async () => {
    const { loaded } = await newTopic();
    const open = async (edit: (text: string) => string): Promise<unknown> => {
      const pusher = openPusher(await streamProject(edit), "clicks");
      return openKafkaSource(pusher, { project: "test" }).finally(() => pusher.close());
    };
    await expect(open((text) => text)).rejects.toThrow("declares no `kafka`");
    const topic = (more: string) => (text: string) =>
      text.replace("event_id: click_id", `event_id: click_id\nkafka: { brokers: ["127.0.0.1:1"], topic: t${more} }`);
    await expect(
      open(topic(", sasl: { mechanism: PLAIN, username: { env: NO_SUCH }, password: { env: NO_SUCH } }")),
    ).rejects.toThrow("The environment variable NO_SUCH");
    await expect(open(topic(""))).rejects.toThrow("Kafka at 127.0.0.1:1 does not answer");
    expect(loaded.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});
