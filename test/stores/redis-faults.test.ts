import { unanswered, type OnlineStore, type SpaceRecord } from "skewproof/online/key-value-store";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import {
  redisFolder,
  redisServer,
  startRedis,
  startRedisSentinel,
  stopRedis,
  until,
  type RunningRedis,
} from "../tools/redis-servers.js";
import { adding, countReading, open, reading, writing } from "./store-under-test.js";

const record: SpaceRecord = { project: "shop", view: "orders", lastUsed: 1n };
const failed = (message: string) => ({ code: "failed", message: expect.stringContaining(message) as string });

/** What the reading gives by the deadline, and after how many milliseconds. */
async function timed(
  store: OnlineStore,
  deadline: number,
  count = 1,
): Promise<{ readonly values: unknown; readonly took: number }> {
  const started = performance.now();
  const values = await store.read(
    Array.from({ length: count }, () => reading("space", "k", "")),
    deadline,
  );
  return { values, took: performance.now() - started };
}

describe.skipIf(redisServer() === undefined)("a Redis server's faults", () => {
  let server: RunningRedis;
  let store: OnlineStore;
  beforeAll(async () => {
    server = await startRedis(["--maxmemory-policy", "noeviction"]);
    store = await open("/", { store: "redis", url: `redis://127.0.0.1:${server.port}` });
  });
  afterEach(async () => {
    await until(async () => (await store.read([reading("space", "none", "")], 500))[0] !== unanswered);
  });
  afterAll(async () => {
    await store.close();
    await stopRedis(server);
  });

  it("that is stopped gives `unanswered` at once and fails writes; started again it is found", async () => {
    await store.write("space", [writing("k", { "": "v" })], record);
    await stopRedis(server);
    const { values, took } = await timed(store, 300);
    expect(values).toEqual([unanswered]);
    expect(took).toBeLessThan(2000);
    const started = performance.now();
    await Promise.all([
      expect(store.write("space", [writing("k", { "": "w" })])).rejects.toMatchObject(failed("does not answer")),
      expect(store.record("space")).rejects.toMatchObject(failed(`redis://127.0.0.1:${server.port}`)),
    ]);
    expect(performance.now() - started).toBeLessThan(9000);
    server = await startRedis(["--maxmemory-policy", "noeviction"], server.port);
    await store.write("space", [writing("k", { "": "again" })]);
    expect(await store.read([reading("space", "k", "")])).toEqual([["again"]]);
  });

  it("that is not there when a store is opened is found when it comes", async () => {
    const other = await startRedis();
    await stopRedis(other);
    const early = await open("/", { store: "redis", url: `redis://127.0.0.1:${other.port}` });
    expect((await timed(early, 200)).values).toEqual([unanswered]);
    const again = await startRedis([], other.port);
    await early.write("space", [writing("k", { "": "v" })]);
    expect((await timed(early, 1000)).values).toEqual([["v"]]);
    await early.close();
    await stopRedis(again);
  });

  it("that hangs costs a reading its deadline and no more, however many wait", async () => {
    await store.write("space", [writing("k", { "": "v" })], record);
    server.process.kill("SIGSTOP");
    const waiting = await Promise.all(Array.from({ length: 300 }, () => timed(store, 150, 20)));
    for (const { values, took } of waiting) {
      expect(values).toEqual(Array.from({ length: 20 }, () => unanswered));
      expect(took).toBeLessThan(2000);
    }
    // More than may wait: these are not even asked.
    const { values, took } = await timed(store, 5000, 30_000);
    expect([(values as unknown[])[0], took < 2000]).toEqual([unanswered, true]);
    server.process.kill("SIGCONT");
    await until(async () => (await store.read([reading("space", "k", "")], 200))[0] !== unanswered);
    expect((await timed(store, 1000)).values).toEqual([["v"]]);
  });

  it("that is slow answers what it can by the deadline", async () => {
    await store.write("space", [writing("k", { "": "v" })], record);
    const sleeping = server.admin.call("DEBUG", "SLEEP", "0.8");
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { values, took } = await timed(store, 100);
    expect([values, took < 700]).toEqual([[unanswered], true]);
    await sleeping;
    expect((await timed(store, 1000)).values).toEqual([["v"]]);
  });

  it("without memory refuses a write; what stood stands, and so does the record", async () => {
    await store.write("space", [writing("k", { "": "v", part: "p" })], record);
    await server.admin.config("SET", "maxmemory", "1");
    const more = Array.from({ length: 300 }, (_, at) => adding(`more ${at}`, 1));
    await expect(
      store.write("space", [...more, writing("k", { "": "w", part: "q" })], { ...record, lastUsed: 2n }),
    ).rejects.toMatchObject(failed("out of memory"));
    expect(await store.read([reading("space", "k", "", "part")])).toEqual([["v", "p"]]);
    expect(await store.record("space")).toEqual(record);
    await server.admin.config("SET", "maxmemory", "0");
    await store.write("space", [...more], record);
    expect(await store.read([countReading("space", "more 299")])).toEqual([[1, 1]]);
  });

  it("that became a replica refuses a write, and takes it when it is a master again", async () => {
    await server.admin.call("REPLICAOF", "127.0.0.1", "1");
    await expect(store.write("space", [writing("k", { "": "v" })])).rejects.toMatchObject(failed("failover"));
    await server.admin.call("REPLICAOF", "NO", "ONE");
    await until(async () =>
      store.write("space", [writing("k", { "": "v" })]).then(
        () => true,
        () => false,
      ),
    );
  });

  it("that forgot the script is given it again", async () => {
    await store.write("space", [adding("counted", 1)]);
    await server.admin.script("FLUSH");
    await store.write(
      "space",
      Array.from({ length: 200 }, (_, at) => adding(`counted${at || ""}`, 1)),
    );
    expect(await store.read([countReading("space", "counted"), countReading("space", "counted199")])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });
});

describe.skipIf(redisServer() === undefined)("a failover by Sentinel", () => {
  it("is followed: what was written and copied is there, and writes go on", async () => {
    const { master, replica, sentinel } = await startRedisSentinel();
    const online = { store: "redis", sentinel: { name: "skewproof", nodes: [`127.0.0.1:${sentinel.port}`] } } as const;
    const store = await open(redisFolder(), online);
    await store.write("space", [adding("k", 1)], record);
    await until(async () => (await replica.admin.dbsize()) === (await master.admin.dbsize()));
    await stopRedis(master);
    await until(async () =>
      store.write("space", [adding("k", 1)]).then(
        () => true,
        () => false,
      ),
    );
    expect(await store.read([countReading("space", "k")], 1000)).toEqual([[2, 2]]);
    expect(await store.record("space")).toEqual(record);
    await store.close();
    await Promise.all([replica, sentinel].map(stopRedis));
  });
});
