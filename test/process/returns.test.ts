import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { spawnSync } from "node:child_process";
import path from "node:path";

import { openDuckdb, type DuckdbSession } from "skewproof/offline/node/duckdb-session";
import { findPython } from "skewproof/runs/node/python-environment";
import type { FeatureService } from "skewproof/registry/bound-project";
import { loadValidProject } from "skewproof/registry/node/load-project";
import { toJsonValue } from "skewproof/values/json-value";
import type { Value } from "skewproof/values/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { repository, serve, skewproof } from "./command-line.js";
import { returnsByHand, type Asked, type Line } from "./returns-by-hand.js";

const sample = path.join(repository, "samples/returns");
const moment = "2011-10-20T12:00:00Z";
const seed = process.env["RETURNS_SEED"] ?? String(Date.now() % 1_000_000);
const python = await findPython();
let root: string;
let session: DuckdbSession;
let services: ReadonlyMap<string, FeatureService>;
let byHand: ReturnType<typeof returnsByHand>;

beforeAll(async () => {
  process.stderr.write(`returns: rows drawn with RETURNS_SEED=${seed}\n`);
  mkdirSync(path.join(repository, "test/output"), { recursive: true });
  root = mkdtempSync(path.join(repository, "test/output/returns-"));
  for (const name of ["skewproof.yaml", "definitions", "prepare.mjs", "train.py", "requirements.lock", "data/retail.parquet"])
    cpSync(path.join(sample, name), path.join(root, name), { recursive: true });
  // Both samples have the same requirements: one Python environment serves them.
  const environments = path.join(repository, "samples/late-flights/.skewproof/venvs");
  mkdirSync(environments, { recursive: true });
  mkdirSync(path.join(root, ".skewproof"));
  symlinkSync(environments, path.join(root, ".skewproof/venvs"));
  expect(spawnSync(process.execPath, ["prepare.mjs"], { cwd: root, encoding: "utf8" })).toMatchObject({ status: 0 });

  session = await openDuckdb({ root });
  const rows = await session.rows(
    "SELECT invoice, item, description, CAST(quantity AS BIGINT), invoiced_at, unit_price, customer_id, country FROM read_parquet('data/retail.parquet')",
  );
  const lines = rows.map(
    ([invoice, item, description, quantity, at, price, customer, country]) =>
      ({ invoice, item, description, quantity, at, price, customer, country }) as Line,
  );
  byHand = returnsByHand(lines);
  services = (await loadValidProject(root)).project.services;
});
afterAll(async () => {
  await session[Symbol.asyncDispose]();
  process.chdir(repository);
  rmSync(root, { recursive: true, force: true });
});

function run(...args: readonly string[]): Record<string, unknown> {
  const { status, stdout, stderr } = skewproof(root, [...args, "--json"]);
  if (status !== 0) throw new Error(`skewproof ${args.join(" ")} ended with status ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Whether two values of a feature are equal as contracts §3.7 wants it. */
function expectEqual(got: Value, want: Value, where: string): void {
  if (typeof want === "number" && typeof got === "number")
    expect(Math.abs(got - want), `${where}: ${got}, by hand ${want}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(want)));
  else expect(got, where).toEqual(want);
}

/** Compares a training set's rows with those computed by hand; returns how many values of each feature were not null. */
async function compareByHand(service: string, file: string, count: number): Promise<ReadonlyMap<string, number>> {
  const features = services.get(service)?.features.map(({ name }) => name) ?? [];
  const rows = await session.rows(
    `SELECT customer_id, item, country, event_timestamp, quantity, unit_price, ${features.join(", ")}
     FROM read_parquet('${file}', file_row_number = true) ORDER BY md5(concat('${seed}', file_row_number)) LIMIT ${count}`,
  );
  expect(rows).toHaveLength(count);
  const present = new Map(features.map((name) => [name, 0]));
  for (const [customer, item, country, at, quantity, price, ...values] of rows) {
    const asked = { customer, item, country, at, quantity, price } as Asked;
    const want = byHand.features(asked);
    for (const [index, name] of features.entries()) {
      const got = values[index] ?? null;
      expectEqual(
        got,
        want[name] ?? null,
        `${name} of ${asked.customer ?? "a guest"} ${asked.item} at ${asked.at}, seed ${seed}`,
      );
      if (got !== null) present.set(name, (present.get(name) ?? 0) + 1);
    }
  }
  return present;
}

describe("the definitions", () => {
  it("are sound, but for a note on each feature of the time a return took, and are listed", () => {
    const found = run("check") as { diagnostics: { code: string }[] };
    expect(found).toMatchObject({ errors: 0, warnings: 0 });
    expect(found.diagnostics.map(({ code }) => code)).toEqual(["arrival-time-as-feature", "arrival-time-as-feature"]);
    const names = (run("list") as unknown as { kind: string; name: string }[]).map(({ kind, name }) => `${kind} ${name}`);
    expect(names).toEqual(expect.arrayContaining(["models return_risk", "pipelines train_return_risk", "services return_desk"]));
  });
});

describe("the labels", () => {
  it("are what plain loops say came back, guests unknown", async () => {
    const rows = await session.rows(
      `SELECT customer_id, item, event_timestamp, returned FROM read_parquet('data/labels.parquet') ORDER BY md5(concat('${seed}', invoice, item)) LIMIT 20000`,
    );
    const found = rows.map(([customer, item, at]) => byHand.isReturned({ customer, item, at } as Asked));
    expect(rows.map(([, , , returned]) => returned)).toEqual(found);
    for (const outcome of [true, false, null]) expect(found).toContain(outcome);
  });
});

describe("the training set over all labels", () => {
  let rows: number;
  beforeAll(async () => {
    const manifest = run(
      "training-set",
      "--service",
      "return_risk",
      "--labels",
      "data/labels.parquet",
      "--out",
      "training.parquet",
    );
    rows = Number(manifest["rows"]);
    expect(await session.rows("SELECT count(*) FROM read_parquet('data/labels.parquet')")).toEqual([[BigInt(rows)]]);
  });

  it("keeps every label, its order and its duplicates", async () => {
    const columns = "invoice, item, customer_id, country, quantity, unit_price, ordered_at, event_timestamp, returned";
    const table = (file: string): string =>
      `SELECT ${columns}, file_row_number FROM read_parquet('${file}', file_row_number = true)`;
    const [labels, training] = [table("data/labels.parquet"), table("training.parquet")];
    expect(await session.rows(`SELECT count(*) FROM (${labels} INTERSECT ${training})`)).toEqual([[BigInt(rows)]]);
    expect(await session.rows(`SELECT count(*) FROM (${training})`)).toEqual([[BigInt(rows)]]);
    const [[distinct = 0n] = []] = await session.rows(`SELECT count(*) FROM (SELECT DISTINCT ${columns} FROM (${labels}))`);
    expect(Number(distinct)).toBeLessThan(rows);
  });

  it("gives guests no customer features, and their items' features all the same", async () => {
    const [[guests = 0n, customers = 0n, counts = 0n, pairs = 0n, items = 0n] = []] = await session.rows(
      `SELECT count(*), count(customer_net), count(customer_orders_total), count(pair_bought), count(item_lines_30d) FROM read_parquet('training.parquet') WHERE customer_id IS NULL`,
    );
    expect(Number(guests)).toBeGreaterThan(rows / 10);
    expect([customers, counts, pairs, items]).toEqual([0n, 0n, 0n, guests]);
  });

  it("equals plain loops over the invoices, on 600 labels and every feature", async () => {
    const present = await compareByHand("return_risk", "training.parquet", 600);
    for (const [feature, count] of present) expect(count, `${feature} was never there`).toBeGreaterThan(0);
  });

  it("equals them at the edges of windows, ttls and loads, lists and texts too", async () => {
    const week = 604_800_000_000;
    const edges = [
      ...["7 day", "30 day", "90 day", "180 day"].flatMap((age) => [
        `+ INTERVAL ${age}`,
        `+ INTERVAL ${age} + INTERVAL 1 microsecond`,
      ]),
    ].map((age) => `event_timestamp ${age}`);
    const load = `make_timestamp((epoch_us(event_timestamp) // ${week} + 1) * ${week}) + INTERVAL 6 hour`;
    await session.run(
      `COPY (SELECT item, customer_id, country, quantity, unit_price, moment AS ordered_at, moment AS event_timestamp FROM (
         SELECT *, unnest([${[...edges, load, `${load} - INTERVAL 1 microsecond`].join(", ")}]) AS moment FROM (
           SELECT * FROM read_parquet('data/labels.parquet') QUALIFY row_number() OVER (PARTITION BY returned ORDER BY md5(concat('${seed}', invoice, item, quantity))) <= 20)
         )) TO 'edges.parquet' (FORMAT parquet)`,
    );
    for (const service of ["return_risk", "return_desk"]) {
      run("training-set", "--service", service, "--labels", "edges.parquet", "--out", `${service}.parquet`);
      const present = await compareByHand(service, `${service}.parquet`, 600);
      for (const [feature, count] of present) expect(count, `${feature} was never there`).toBeGreaterThan(0);
    }
  });
});

describe.skipIf(python === undefined)("the pipeline", () => {
  it("trains a model that is better than chance, registers it, and says how its test lines drifted", () => {
    const { id, metrics, outputs } = run("run", "train_return_risk") as {
      id: string;
      metrics: { auc: number; rows: number; features: number };
      outputs: { model: { version: string } };
    };
    expect(metrics.auc).toBeGreaterThan(0.65);
    expect(metrics.auc).toBeLessThan(0.95);
    expect(metrics.features).toBe(services.get("return_risk")?.features.length);
    expect(outputs.model.version).toBe("1");
    expect(run("model", "list")).toMatchObject([{ model: "return_risk", version: "1", run: id }]);
    const runs = path.join(".skewproof/runs", id);
    expect(readdirSync(path.join(root, runs)).filter((name) => name.includes(".tmp"))).toEqual([]);
    const drift = skewproof(root, [
      ...["drift", "--reference", `${runs}/training.parquet.profile.json`, "--current", `${runs}/test.parquet`, "--json"],
    ]);
    expect([0, 1]).toContain(drift.status);
    const { features } = JSON.parse(drift.stdout) as { features: { feature: string }[] };
    expect(features.map(({ feature }) => feature)).toContain("customer_net");
    expect(existsSync(path.join(root, runs, "manifest.json"))).toBe(true);
  });
});

describe("the online store", () => {
  let asked: { customer_id: number | null; item: string; country: string; quantity: number; unit_price: string }[];
  let offline: unknown[][];

  beforeAll(async () => {
    const rows = await session.rows(
      `SELECT * FROM (
         (SELECT DISTINCT customer_id, item, country, quantity, CAST(unit_price AS VARCHAR) FROM read_parquet('data/labels.parquet') WHERE event_timestamp < TIMESTAMP '${moment.slice(0, 19)}' AND customer_id IS NOT NULL ORDER BY md5(concat('${seed}', customer_id, item, country, quantity, unit_price)) LIMIT 44)
         UNION ALL (SELECT DISTINCT customer_id, item, country, quantity, CAST(unit_price AS VARCHAR) FROM read_parquet('data/labels.parquet') WHERE customer_id IS NULL ORDER BY md5(concat('${seed}', item, country, quantity, unit_price)) LIMIT 4)
         UNION ALL VALUES (1, '85123A', 'United Kingdom', 12, '2.9500'), (17841, 'NEVER SOLD', 'Atlantis', 1, '0.0000'))`,
    );
    asked = rows.map(([customer, item, country, quantity, price]) => ({
      customer_id: customer === null ? null : Number(customer),
      item: item as string,
      country: country as string,
      quantity: Number(quantity),
      unit_price: price as string,
    }));
    expect(asked).toHaveLength(50);
    const json = JSON.stringify(asked).replaceAll("'", "''");
    await session.run(
      `COPY (SELECT unnest(from_json('${json}', '[{"customer_id":"BIGINT","item":"VARCHAR","country":"VARCHAR","quantity":"BIGINT","unit_price":"DECIMAL(12,4)"}]'), recursive := true),
         TIMESTAMP '${moment.slice(0, 19)}' AS ordered_at, TIMESTAMP '${moment.slice(0, 19)}' AS event_timestamp) TO 'asked.parquet' (FORMAT parquet)`,
    );
    run("training-set", "--service", "return_risk", "--labels", "asked.parquet", "--out", "asked-features.parquet");
    const features = services.get("return_risk")?.features ?? [];
    const values = await session.rows(
      `SELECT ${features.map(({ name }) => name).join(", ")} FROM read_parquet('asked-features.parquet')`,
    );
    offline = values.map((row) =>
      row.map((value, index) => toJsonValue(value, features[index]?.feature.type ?? { kind: "null" })),
    );
    run("materialize", "--until", moment);
  });

  const close = (got: unknown, want: unknown): boolean =>
    typeof got === "number" && typeof want === "number"
      ? Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want))
      : JSON.stringify(got) === JSON.stringify(want);
  const argumentsOf = ({ customer_id, item, country, quantity, unit_price }: (typeof asked)[number]): string[] => [
    ...["--service", "return_risk", "--entity", `customer_id=${String(customer_id)}`, `item=${item}`, `country=${country}`],
    ...["--request", `quantity=${quantity}`, `unit_price=${unit_price}`, `ordered_at=${moment}`],
  ];
  const valuesOf = (reply: Record<string, unknown>): unknown[] =>
    (reply["features"] as { value: unknown }[]).map(({ value }) => value);

  it("serves, at the moment it stands for, what training sees at that moment, for 50 keys", async () => {
    const sidecar = await serve(root, ["--replay"]);
    const post = async (route: string, options: Record<string, unknown>): Promise<Record<string, unknown>> => {
      const token = readFileSync(sidecar.token_file, "utf8").trim();
      const reply = await fetch(`${sidecar.url}${route}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          entities: asked.map(({ customer_id, item, country }) => ({ customer_id, item, country })),
          request: asked.map(({ quantity, unit_price }) => ({ quantity, unit_price, ordered_at: moment })),
          options: { at: moment, ...options },
        }),
      });
      if (!reply.ok) throw new Error(`${route} answered ${reply.status}: ${await reply.text()}`);
      return (await reply.json()) as Record<string, unknown>;
    };
    try {
      const { features, rows } = (await post("/v1/features/return_risk", {})) as {
        features: string[];
        rows: { values: unknown[] }[];
      };
      expect(rows).toHaveLength(50);
      for (const [row, { values }] of rows.entries())
        for (const [index, value] of values.entries()) {
          const where = `${features[index] ?? ""} of ${JSON.stringify(asked[row])}, seed ${seed}`;
          if (!close(value, offline[row]?.[index])) expect(value, where).toEqual(offline[row]?.[index]);
        }
      if (python === undefined) return;
      const { predictions } = (await post("/v1/models/return_risk/predict", {})) as { predictions: { value: number }[] };
      expect(predictions).toHaveLength(50);
      for (const { value } of predictions) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1);
      }
    } finally {
      await sidecar.stop();
    }
    // Features that were asked for are logged as predictions are.
    expect(run("skew", "--service", "return_risk")).toMatchObject({ compared: 100, equal: 100, different: 0 });
  });

  it("`get --at` gives that too", () => {
    for (const row of [0, 49]) {
      const one = asked[row];
      if (one === undefined) throw new Error("50 were asked for");
      const values = valuesOf(run("get", ...argumentsOf(one), "--at", moment));
      for (const [index, value] of values.entries())
        if (!close(value, offline[row]?.[index])) expect(value, JSON.stringify(one)).toEqual(offline[row]?.[index]);
    }
  });

  it("brought up to now, `get` gives what `get --at` now gives", () => {
    run("materialize", "customer_activity", "customer_basket", "customer_last_return", "item_catalogue");
    const [one] = asked;
    const entity = ["--service", "return_desk", "--entity", `customer_id=${String(one?.customer_id)}`, `item=${one?.item ?? ""}`];
    const [online, trained] = [
      valuesOf(run("get", ...entity)),
      valuesOf(run("get", ...entity, "--at", new Date().toISOString())),
    ];
    expect(online).toHaveLength(services.get("return_desk")?.features.length ?? 0);
    for (const [index, value] of online.entries()) if (!close(value, trained[index])) expect(value).toEqual(trained[index]);
  });
});
