import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newProject, serve, skewproof } from "../process/command-line.js";
import { redisServer, startRedis, startRedisCluster, stopRedis, type RunningRedis } from "../tools/redis-servers.js";

const stream = `---
kind: source
name: visits
stream: true
schema: { visit_id: string, customer_id: int64, visited_at: timestamp, pages: int64 }
event_time: visited_at
event_id: visit_id
owner: you@example.com
---
kind: feature_view
name: customer_visits
entity: customer
source: visits
owner: you@example.com
features:
  - { name: visits_7d, type: int64, aggregate: count(*), window: 7d }
  - { name: pages_7d, type: int64, aggregate: sum(pages), window: 7d }
---
kind: feature_service
name: visiting
features: [customer_visits, customer_orders]
owner: you@example.com
`;

describe.skipIf(redisServer() === undefined).each([
  ["one server", async () => [await startRedis()], "url"],
  ["a cluster of three", startRedisCluster, "cluster"],
] as const)("a whole project on Redis: %s", (_, start, kind) => {
  let servers: readonly RunningRedis[] = [];
  let root: string;
  beforeAll(async () => {
    servers = await start();
    root = newProject();
    const online = `{ store: redis, url: "redis://127.0.0.1:${servers[0]?.port ?? 0}"${kind === "cluster" ? ", cluster: true" : ""} }`;
    appendFileSync(path.join(root, "skewproof.yaml"), `online: ${online}\n`);
    appendFileSync(path.join(root, "definitions/shop.yaml"), stream);
    const recent = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
    appendFileSync(path.join(root, "data/orders.csv"), [1, 2, 3].map((id) => `${id},${recent(id)},${id}.5\n`).join(""));
  });
  afterAll(async () => {
    for (const server of servers) await stopRedis(server);
  });

  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = skewproof(root, args);
    expect([status, stderr]).toEqual([0, ""]);
    return stdout;
  };

  it("materializes, takes pushed rows, reads them, and parity finds nothing different", () => {
    run("materialize");
    const rows = [1, 2, 2, 3, 3, 3].map((customer, index) => ({
      visit_id: `v${index}`,
      customer_id: customer,
      visited_at: new Date(Date.now() - index * 60_000).toISOString(),
      pages: index,
    }));
    writeFileSync(path.join(root, "rows.ndjson"), rows.map((row) => JSON.stringify(row)).join("\n"));
    run("push", "visits", "--file", "rows.ndjson");
    run("push", "visits", "--file", "rows.ndjson");
    const { features } = JSON.parse(run("get", "--service", "visiting", "--entity", "customer_id=3", "--json")) as {
      features: { feature: string; value: unknown; status: string }[];
    };
    expect(Object.fromEntries(features.map(({ feature, value }) => [feature, value]))).toEqual({
      visits_7d: 3,
      pages_7d: 12,
      orders_7d: 1,
      spent_7d: 3.5,
    });
    for (const service of ["shop", "visiting"])
      expect(run("parity", "--service", service, "--sample", "100")).toContain("0 different");
    run("materialize", "--full");
    expect(run("parity", "--service", "shop", "--sample", "100")).toContain("0 different");
  });

  it("a store that hangs does not hold a request up: defaults by the deadline, and the answer says so", async () => {
    const sidecar = await serve(root, ["--store-deadline", "200"]);
    const token = readFileSync(sidecar.token_file, "utf8").trim();
    const ask = async (): Promise<{ unanswered?: string[]; rows: { values: unknown[]; statuses: string[] }[] }> => {
      const reply = await fetch(`${sidecar.url}/v1/features/visiting`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ entities: [{ customer_id: 3 }] }),
      });
      expect(reply.status).toBe(200);
      return (await reply.json()) as Awaited<ReturnType<typeof ask>>;
    };
    try {
      expect(await ask()).not.toHaveProperty("unanswered");
      for (const { process: child } of servers) child.kill("SIGSTOP");
      const hanging = await ask();
      expect(hanging.unanswered).toEqual(["customer_visits", "customer_orders"]);
      expect(hanging.rows[0]).toMatchObject({ values: [null, null, null, null], statuses: Array(4).fill("NOT_FOUND") });
      for (const { process: child } of servers) child.kill("SIGCONT");
      const until = Date.now() + 15_000;
      let answer = await ask();
      while (answer.unanswered !== undefined && Date.now() < until) answer = await ask();
      expect(answer.rows[0]?.values).toEqual([3, 12, 1, 3.5]);
    } finally {
      for (const { process: child } of servers) child.kill("SIGCONT");
      await sidecar.stop();
    }
  });
});
