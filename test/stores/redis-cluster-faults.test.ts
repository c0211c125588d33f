import { slotOf, redisKeyNames } from "skewproof/online/node/redis-keys";
import { unanswered, type OnlineStore, type SpaceRecord } from "skewproof/online/key-value-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { redisFolder, redisServer, startRedisCluster, stopRedis, until, type RunningRedis } from "../tools/redis-servers.js";
import { adding, countReading, open, writing } from "./store-under-test.js";

const record: SpaceRecord = { project: "shop", view: "orders", lastUsed: 1n };

describe.skipIf(redisServer() === undefined)("a Redis Cluster's slots and faults", () => {
  let servers: readonly RunningRedis[];
  let store: OnlineStore;
  const at = (index: number): RunningRedis => {
    const server = servers[index];
    if (server === undefined) throw new Error(`There is no server ${index}.`);
    return server;
  };
  beforeAll(async () => {
    servers = await startRedisCluster(1);
    store = await open(redisFolder(), { store: "redis", cluster: true, url: `redis://127.0.0.1:${at(1).port}` });
  });
  afterAll(async () => {
    await store.close();
    await Promise.all(servers.map(stopRedis));
  });
  const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
  const readAll = () =>
    store.read(
      keys.map((key) => countReading("space", key)),
      2000,
    );

  it("puts all that is known of one key into one slot, the one that Redis counts", async () => {
    for (const key of ["a", "", "{", "a}b{c", "#", "é😀", "\ud800", "x".repeat(5000), "1|2"]) {
      const names = ["space 1", "space {2}"].flatMap((space) => {
        const { head, part, text } = redisKeyNames(space, key);
        return [head, part("}{"), part("copy"), ...(text === undefined ? [] : [text])];
      });
      const slots = await Promise.all(names.map(async (name) => Number(await at(0).admin.call("CLUSTER", "KEYSLOT", name))));
      expect(slots).toEqual(names.map(() => slotOf(names[0] ?? "")));
    }
  });

  it("reads and writes a slot while it moves, and after", async () => {
    await store.write(
      "space",
      keys.map((key) => adding(key, 1)),
      record,
    );
    const moved = keys.find((key) => slotOf(redisKeyNames("space", key).head) < 5000) ?? "";
    const { head } = redisKeyNames("space", moved);
    const slot = slotOf(head);
    const [from, to] = [at(0), at(1)];
    const ids = await Promise.all([from, to].map(async ({ admin }) => String(await admin.call("CLUSTER", "MYID"))));
    await to.admin.call("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0] ?? "");
    await from.admin.call("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1] ?? "");
    const names = (await from.admin.call("CLUSTER", "GETKEYSINSLOT", slot, 100)) as string[];
    expect(names).toContain(head);
    await from.admin.call("MIGRATE", "127.0.0.1", to.port, "", 0, 1000, "KEYS", ...names);
    expect(await readAll()).toEqual(keys.map(() => [1, 1]));
    // A part that is not there yet keeps Redis from taking the key's names together; a head alone it takes.
    await expect(store.write("space", [adding(moved, 4)])).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("moving a slot") as string,
    });
    await store.write("space", [writing(moved, { "": "1" })]);
    for (const { admin } of servers.slice(0, 3)) await admin.call("CLUSTER", "SETSLOT", slot, "NODE", ids[1] ?? "");
    expect(await readAll()).toEqual(keys.map(() => [1, 1]));
    await store.write("space", [adding(moved, 4)]);
    expect(await readAll()).toEqual(keys.map((key) => (key === moved ? [5, 5] : [1, 1])));
    await store.write("space", [adding(moved, -4)]);
  });

  it("answers for the other servers when one hangs, by the deadline", async () => {
    at(2).process.kill("SIGSTOP");
    const started = performance.now();
    const found = await store.read(
      keys.map((key) => countReading("space", key)),
      300,
    );
    expect(performance.now() - started).toBeLessThan(2000);
    at(2).process.kill("SIGCONT");
    const waited = found.filter((pair) => pair === unanswered).length;
    expect(waited).toBeGreaterThan(30);
    expect(waited).toBeLessThan(200);
    expect(found.filter((pair) => pair !== unanswered)).toEqual(Array.from({ length: keys.length - waited }, () => [1, 1]));
    await until(async () => (await readAll()).every((pair) => pair !== unanswered));
  });

  it("follows a replica that takes over, and says that a cluster with a hole is down", async () => {
    await at(0).admin.call("WAIT", 1, 2000);
    await stopRedis(at(0));
    await until(async () => (await readAll()).every((pair) => pair !== unanswered));
    expect(await readAll()).toEqual(keys.map(() => [1, 1]));
    await until(async () =>
      store
        .write(
          "space",
          keys.map((key) => adding(key, 1)),
        )
        .then(
          () => true,
          () => false,
        ),
    );
    await stopRedis(at(2));
    await until(async () => String(await at(1).admin.call("CLUSTER", "INFO")).includes("cluster_state:fail"));
    const down = store.write(
      "space",
      keys.map((key) => writing(key, { "": "v" })),
    );
    await expect(down).rejects.toMatchObject({ code: "failed", message: expect.stringContaining("cluster is down") as string });
    const started = performance.now();
    expect(new Set(await store.read([countReading("space", "k1")], 300))).toEqual(new Set([unanswered]));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
