import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { openOnlinePusher } from "skewproof/online/node/online-pusher";
import { materialize } from "skewproof/online/node/materialize";
import { runParity } from "skewproof/skew/node/run-parity";
import { loadValidProject } from "skewproof/registry/node/load-project";
import type { PushReport } from "skewproof/streams/push-report";
import { describe, expect, it } from "vitest";

import { printedSeed, randomFrom } from "../conformance/seeded-random.js";
import { newProject, repository, serve, skewproof } from "../process/command-line.js";
import { click, streamProject } from "./stream-project.js";

const seed = printedSeed("Streams online");

const windows = `
---
kind: feature_view
name: ever
entity: customer
source: clicks
owner: a
features:
  - { name: clicks_ever, type: int64, aggregate: "count(*)", window: unbounded }
  - { name: weight_7d, type: float64, aggregate: sum(weight), window: 7d }
  - { name: pages_7d, type: int64, aggregate: count_distinct(page), window: 7d }
  - { name: last_page, type: string, aggregate: last(page), window: 30d }
---
kind: feature_service
name: all
features: [last_click, clicking, ever]
owner: a
`;

function features(root: string, customer: number, service = "all"): Record<string, unknown> {
  const { stdout, stderr, status } = skewproof(root, [
    "get",
    "--service",
    service,
    "--entity",
    `customer_id=${customer}`,
    "--json",
  ]);
  if (status !== 0) throw new Error(stderr);
  const { features: found } = JSON.parse(stdout) as { features: { feature: string; value: unknown }[] };
  return Object.fromEntries(found.map(({ feature, value }) => [feature, value]));
}

const recent = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

describe("rows that are pushed are visible online when push returns", () => {
  it("by the command line, and an older one that comes later does not take the newer one's place", async () => {
    const { root } = await streamProject((text) => text + windows);
    const file = path.join(root, "rows.ndjson");
    const push = (...rows: object[]): void => {
      writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      expect(skewproof(root, ["push", "clicks", "--file", "rows.ndjson"])).toMatchObject({ status: 0, stderr: "" });
    };
    push(click("a", { clicked_at: recent(10), page: "cart", price: "2.50", weight: 2 }));
    expect(features(root, 1)).toMatchObject({
      price: "2.50",
      page: "cart",
      position: 1,
      clicks_1h: 1,
      clicks_ever: 1,
      weight_7d: 2,
    });
    push(click("b", { clicked_at: recent(30), page: "home", price: "1.00", weight: 0.5 }), click("a", { page: "home" }));
    expect(features(root, 1)).toMatchObject({
      price: "2.50",
      page: "cart",
      clicks_1h: 2,
      clicks_ever: 2,
      weight_7d: 2.5,
      pages_7d: 2,
    });
    expect(features(root, 1)).toMatchObject({ last_page: "cart" });
    expect(skewproof(root, ["materialize"]).stdout).toContain("last_click: 0 new rows");
    expect(skewproof(root, ["parity", "--service", "all", "--sample", "40"])).toMatchObject({ status: 0 });
  });

  it("by the sidecar, which then serves them", async () => {
    const { root } = await streamProject((text) => text + windows);
    const sidecar = await serve(root, []);
    const token = readFileSync(sidecar.token_file, "utf8").trim();
    const post = async (route: string, body: object): Promise<unknown> => {
      const reply = await fetch(`${sidecar.url}${route}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return reply.json();
    };
    try {
      for (let round = 1; round <= 5; round++) {
        expect(await post("/v1/push/clicks", { rows: [click(round, { clicked_at: recent(round) })] })).toMatchObject({
          accepted: 1,
        });
        const answer = (await post("/v1/features/all", { entities: [{ customer_id: 1 }] })) as {
          features: string[];
          rows: { values: unknown[] }[];
        };
        expect(answer.rows[0]?.values[answer.features.indexOf("clicks_1h")]).toBe(round);
      }
    } finally {
      await sidecar.stop();
    }
  });

  it("in any order and any batches, by two writers at once: parity finds nothing different", async () => {
    const random = randomFrom(seed);
    const loaded = await streamProject((text) => text + windows);
    const pushers = [await openOnlinePusher(loaded, "clicks"), await openOnlinePusher(loaded, "clicks")];
    const pages = ["home", "cart"];
    const rows = Array.from({ length: 1500 }, (_, index) =>
      click(random(1400), {
        customer_id: random(1 + random(6)),
        clicked_at: recent(random(60 * 24 * 10)),
        page: pages[random(2)],
        weight: random(100) / 8,
        price: index % 7 === 0 ? null : "1.25",
      }),
    );
    const pushes: Promise<PushReport>[] = [];
    while (rows.length > 0) {
      const batch = rows.splice(0, 1 + random(120));
      for (const pusher of pushers.slice(random(2)).slice(0, 1))
        pushes.push(pusher.push(batch.map((json) => ({ row: { json } }))));
      if (random(10) < 3) await Promise.all(pushes);
    }
    const reports = await Promise.all(pushes);
    expect(reports.reduce((sum, report) => sum + report.quarantined, 0)).toBe(0);
    for (const pusher of pushers) await pusher.close();
    expect(await runParity(loaded, { service: "all", sample: 300, seed })).toMatchObject({ compared: 300, different: 0 });
  });

  it("with writers killed at random moments: every acknowledged row counts once", async () => {
    const random = randomFrom(seed + 1);
    const loaded = await streamProject((text) => text + windows);
    const file = path.join(loaded.root, "many.ndjson");
    for (let round = 0; round < 3; round++) {
      writeFileSync(
        file,
        Array.from({ length: 20_000 }, (_, index) =>
          JSON.stringify(click(`${round}-${index}`, { customer_id: index % 50, clicked_at: recent(1 + (index % 5000)) })),
        ).join("\n"),
      );
      const child = spawn(
        process.execPath,
        [path.join(repository, "core/bin/skewproof.mjs"), "push", "clicks", "--file", file, "--batch", "200"],
        { cwd: loaded.root, stdio: "ignore" },
      );
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => setTimeout(resolve, 500 + random(1500)));
      child.kill("SIGKILL");
      await ended;
    }
    const pusher = await openOnlinePusher(loaded, "clicks");
    await pusher.push([{ row: { json: click("last", { customer_id: 0, clicked_at: recent(1) }) } }]);
    await pusher.close();
    const report = await runParity(loaded, { service: "all", sample: 300, seed });
    expect(report.features.flatMap(({ examples }) => examples)).toEqual([]);
    expect(report).toMatchObject({ compared: 300, different: 0 });
  });
});

it("a view defined after its rows came is brought up to date by materialize, and after another definition anew", async () => {
  const { root } = await streamProject();
  writeFileSync(
    path.join(root, "rows.ndjson"),
    [1, 2, 3].map((id) => JSON.stringify(click(id, { clicked_at: recent(id) }))).join("\n"),
  );
  expect(skewproof(root, ["push", "clicks", "--file", "rows.ndjson"])).toMatchObject({ status: 0 });
  const definitions = path.join(root, "definitions/all.yaml");
  writeFileSync(definitions, readFileSync(definitions, "utf8") + windows);
  const loaded = await loadValidProject(root);
  expect((await materialize(loaded, { until: 0n, views: ["ever"], dryRun: true })).views).toMatchObject([
    { view: "ever", rows: 3 },
  ]);
  expect((await materialize(loaded, { until: 0n, views: ["ever"] })).views).toMatchObject([{ view: "ever", rows: 3 }]);
  expect(features(root, 1)).toMatchObject({ clicks_ever: 3, clicks_1h: 3 });
});

it("a late row of a file is found again within the source's lateness, and not beyond", () => {
  const root = newProject();
  const definitions = path.join(root, "definitions/shop.yaml");
  const orders = path.join(root, "data/orders.csv");
  const given = readFileSync(orders, "utf8");
  const spent = (): unknown => {
    const { stdout } = skewproof(root, [
      "get",
      "--service",
      "shop",
      "--entity",
      "customer_id=1",
      "--request",
      "basket_value=1",
      "--json",
    ]);
    const { features: found } = JSON.parse(stdout) as { features: { feature: string; value: unknown }[] };
    return found.find(({ feature }) => feature === "spent_7d")?.value;
  };
  writeFileSync(
    definitions,
    readFileSync(definitions, "utf8").replace("event_time: ordered_at", "event_time: ordered_at\nlateness: 1d"),
  );
  const at = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  const run = (hours: number): unknown =>
    expect(skewproof(root, ["materialize", "--until", at(hours)])).toMatchObject({ status: 0 });
  writeFileSync(orders, `${given}1,${at(40)},100.0\n`);
  run(10);
  expect(spent()).toBe(100);
  // One within the day before the last run, one before it.
  writeFileSync(orders, `${given}1,${at(40)},100.0\n1,${at(20)},10.0\n1,${at(38)},1.0\n`);
  run(5);
  expect(spent()).toBe(110);
  run(1);
  expect(spent()).toBe(110);
  expect(skewproof(root, ["materialize", "--until", at(0), "--full"])).toMatchObject({ status: 0 });
  expect(spent()).toBe(111);
});
