import { afterAll, describe } from "vitest";

import { temporaryFolder } from "../process/command-line.js";
import { redisServer, startRedis, stopRedis, type RunningRedis } from "../tools/redis-servers.js";
import { storeContract } from "./store-contract.js";

describe.skipIf(redisServer() === undefined)("Redis", () => {
  const running: RunningRedis[] = [];
  afterAll(() => Promise.all(running.map(stopRedis)));
  storeContract("one Redis server", async () => {
    const server = await startRedis();
    running.push(server);
    return { root: temporaryFolder(), online: { store: "redis", url: `redis://127.0.0.1:${server.port}/3` } };
  });
});
