import { afterAll, describe } from "vitest";

import { temporaryFolder } from "../process/command-line.js";
import { redisServer, startRedisCluster, stopRedis, type RunningRedis } from "../tools/redis-servers.js";
import { storeContract } from "./store-contract.js";

describe.skipIf(redisServer() === undefined)("Redis Cluster", () => {
  const running: RunningRedis[] = [];
  afterAll(() => Promise.all(running.map(stopRedis)));
  storeContract("a Redis Cluster of three", async () => {
    running.push(...(await startRedisCluster()));
    // The least that docs/online-stores.md names.
    const rules = ["on", ">of the test", "~skewproof:*", "+@read", "+@write", "+@scripting", "+ping", "+info", "+cluster"];
    for (const { admin } of running) await admin.call("ACL", "SETUSER", "features", ...rules);
    process.env["TEST_CLUSTER_PASSWORD"] = "of the test";
    return {
      root: temporaryFolder(),
      online: {
        store: "redis",
        url: `redis://127.0.0.1:${running[0]?.port ?? 0}`,
        cluster: true,
        username: "features",
        passwordEnv: "TEST_CLUSTER_PASSWORD",
      },
    };
  });
});
