import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import { collectSpaces } from "skewproof/online/node/collect-spaces";
import { openKeyValueStore } from "skewproof/online/node/open-key-value-store";
import { loadValidProject } from "skewproof/registry/node/load-project";
import { expect, it } from "vitest";

import { printedSeed, randomFrom } from "../conformance/seeded-random.js";
import { runConsoleBlocks } from "../tools/console-blocks.js";
import { newProject, repository, serve, skewproof } from "./command-line.js";

interface Report {
  readonly views: readonly { readonly view: string; readonly rows: number; readonly keys: number; readonly removed?: number }[];
}

function run(root: string, ...args: string[]): Report {
  const { status, stdout, stderr } = skewproof(root, [...args, "--json"]);
  if (status !== 0) throw new Error(`skewproof ${args.join(" ")} ended with status ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as Report;
}

const orders = (root: string): string => path.join(root, "data/orders.csv");
const until = ["--until", "2026-01-10T00:00:00Z"];

it("docs/online-features.md says what the commands say", () => {
  const steps = runConsoleBlocks("docs/online-features.md", newProject());
  expect(steps.length).toBe(5);
  const settled = (text: string): string =>
    text
      .replace(/in [\d.]+ s, [\d,]+ a second/, "in SECONDS s, RATE a second")
      .replace(/ +$/gm, "")
      .trim();
  for (const { command, expected, printed } of steps) expect(settled(printed), command).toBe(settled(expected));
});

it("says what it would take, takes it once, and takes what is new", () => {
  const root = newProject();
  expect(run(root, "materialize", ...until, "--dry-run").views).toEqual([
    { view: "customer_orders", rows: 3, keys: 3, until: "2026-01-10T00:00:00Z" },
    { view: "customer_last_order", rows: 5, keys: 3, until: "2026-01-10T00:00:00Z" },
  ]);
  expect(run(root, "materialize", ...until).views.map(({ rows }) => rows)).toEqual([3, 5]);
  expect(run(root, "materialize", ...until).views.map(({ rows }) => rows)).toEqual([0, 0]);
  expect(run(root, "materialize", "--until", "2026-01-11T00:00:00Z", "--dry-run").views.map(({ rows }) => rows)).toEqual([0, 0]);
});

it("--full takes corrected rows and removes keys that the source no longer has", () => {
  const root = newProject();
  run(root, "materialize", ...until);
  writeFileSync(orders(root), "customer_id,ordered_at,amount\n1,2026-01-03 10:30:00,7.0\n");
  expect(run(root, "materialize", ...until).views.map(({ rows }) => rows)).toEqual([0, 0]);
  expect(run(root, "materialize", ...until, "--full").views).toMatchObject([
    { view: "customer_orders", rows: 1, keys: 1, removed: 2 },
    { view: "customer_last_order", rows: 1, keys: 1, removed: 2 },
  ]);
  expect(skewproof(root, ["parity", "--service", "shop", "--sample", "50"])).toMatchObject({ status: 0 });
});

it("parity names the rows as the first that differ when the source was changed behind the store", () => {
  const root = newProject();
  run(root, "materialize", ...until);
  expect(skewproof(root, ["parity", "--service", "shop", "--sample", "50", "--seed", "1"])).toMatchObject({ status: 0 });
  writeFileSync(orders(root), readFileSync(orders(root), "utf8").replace("250.0", "99.0"));
  const { status, stdout } = skewproof(root, ["parity", "--service", "shop", "--sample", "50", "--seed", "1", "--json"]);
  expect(status).toBe(1);
  const { features } = JSON.parse(stdout) as { features: { feature: string; different: number; examples: object[] }[] };
  const named = Object.fromEntries(features.map((one) => [one.feature, one]));
  expect(named["orders_7d"]).toMatchObject({ different: 0 });
  expect(named["spent_7d"]?.examples[0]).toMatchObject({ entities: { customer_id: 3 }, operator: "rows" });
  expect(named["last_was_large"]?.examples[0]).toMatchObject({ online: true, offline: false, operator: "rows" });
  expect(named["basket_to_week"]?.examples[0]).toMatchObject({ operator: "inputs" });
});

it("parity asks for views to be materialized first", () => {
  const { status, stderr } = skewproof(newProject(), ["parity", "--service", "shop"]);
  expect(status).toBe(3);
  expect(stderr).toContain("skewproof materialize");
});

it("another meaning gets its own keys, and the old ones go a day after they were last used", async () => {
  const root = newProject();
  run(root, "materialize", ...until);
  const definitions = path.join(root, "definitions/shop.yaml");
  writeFileSync(definitions, readFileSync(definitions, "utf8").replace("sum(amount)", "max(amount)"));
  run(root, "materialize", ...until);
  const loaded = await loadValidProject(root);
  const store = await openKeyValueStore(loaded, { readOnly: false });
  try {
    const now = BigInt(Date.now()) * 1000n;
    const hour = 3_600_000_000n;
    expect((await store.spaces()).size).toBe(3);
    expect(await collectSpaces(store, loaded.project, now + 23n * hour)).toEqual([]);
    expect(await collectSpaces(store, loaded.project, now + 25n * hour)).toEqual([
      expect.stringMatching(/^shop\/customer_orders\//),
    ]);
    expect((await store.spaces()).size).toBe(2);
  } finally {
    await store.close();
  }
  expect(skewproof(root, ["parity", "--service", "shop", "--sample", "20"])).toMatchObject({ status: 0 });
});

it("killed at random moments and run again, it holds exactly the source's rows", async () => {
  const seed = printedSeed("Killed materializations");
  const random = randomFrom(seed);
  const root = newProject();
  {
    await using session = await openDuckdb({ root });
    await session.run(
      `COPY (SELECT CAST(hash(i) % 5000 AS BIGINT) AS customer_id, TIMESTAMP '2026-01-01' + to_seconds(CAST(hash(i + 7) % 2592000 AS BIGINT)) AS ordered_at, CAST(i % 1000 AS DOUBLE) AS amount FROM range(300000) AS r(i)) TO 'data/orders.parquet'`,
    );
  }
  const definitions = path.join(root, "definitions/shop.yaml");
  writeFileSync(definitions, readFileSync(definitions, "utf8").replace("orders.csv", "orders.parquet"));
  for (const day of ["2026-01-12", "2026-01-12", "2026-01-25", "2026-01-25"]) {
    const child = spawn(
      process.execPath,
      [path.join(repository, "core/bin/skewproof.mjs"), "materialize", "--until", `${day}T00:00:00Z`],
      { cwd: root, stdio: "ignore" },
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => setTimeout(resolve, 300 + random(1500)));
    child.kill("SIGKILL");
    await ended;
  }
  run(root, "materialize", "--until", "2026-01-26T00:00:00Z");
  const { status, stdout } = skewproof(root, ["parity", "--service", "shop", "--sample", "1000", "--seed", String(seed)]);
  expect(stdout).toContain("0 different");
  expect(status).toBe(0);
});

it("a running sidecar keeps the schedule of the definitions", async () => {
  const root = newProject();
  const definitions = path.join(root, "definitions/shop.yaml");
  const scheduled = readFileSync(definitions, "utf8").replace("ttl: 30d", 'ttl: 30d\nschedule: "* * * * * *"');
  writeFileSync(definitions, scheduled);
  run(root, "materialize", ...until);
  const hour = new Date(Date.now() - 3_600_000).toISOString();
  writeFileSync(orders(root), `${readFileSync(orders(root), "utf8")}9,${hour},42.0\n`);
  const sidecar = await serve(root, []);
  try {
    const deadline = Date.now() + 20_000;
    const value = (): unknown => {
      const { stdout } = skewproof(root, [
        "get",
        "--service",
        "shop",
        "--entity",
        "customer_id=9",
        "--request",
        "basket_value=1",
        "--json",
      ]);
      const { features } = JSON.parse(stdout) as { features: { feature: string; value: unknown }[] };
      return features.find(({ feature }) => feature === "last_amount")?.value;
    };
    while (value() !== 42 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 200));
    expect(value()).toBe(42);
  } finally {
    await sidecar.stop();
    rmSync(root, { recursive: true, force: true });
  }
});
