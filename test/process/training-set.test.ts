import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import { buildTrainingSet } from "skewproof/offline/node/training-set";
import { loadValidProject } from "skewproof/registry/node/load-project";
import type { Value } from "skewproof/values/value";
import { beforeEach, describe, expect, it } from "vitest";

import { newProject, repository, skewproof, type Outcome } from "./command-line.js";

let root: string;
beforeEach(() => {
  root = newProject();
});

const trainingSet = (out: string, ...more: string[]): Outcome =>
  skewproof(root, ["training-set", "--service", "shop", "--out", out, ...more]);
const labels = ["--labels", "data/labels.csv"];
const definitions = (): string => path.join(root, "definitions/shop.yaml");
const edit = (file: string, from: string, to: string): void => {
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
};
async function query(sql: string): Promise<Value[][]> {
  await using session = await openDuckdb({ root });
  return await session.rows(sql);
}
const manifestOf = (out: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(root, `${out}.manifest.json`), "utf8")) as Record<string, unknown>;

describe("labels and outputs of every format", () => {
  it("Parquet, CSV, NDJSON, Arrow and SQL labels give the same rows, Arrow files made here too", async () => {
    await query("COPY (SELECT * FROM read_csv('data/labels.csv')) TO 'data/labels.parquet' (FORMAT parquet)");
    await query("COPY (SELECT * FROM read_csv('data/labels.csv')) TO 'data/labels.ndjson' (FORMAT json)");
    expect(trainingSet("csv.arrow", ...labels).status).toBe(0);
    const first = trainingSet("first.parquet", ...labels);
    expect(first.stderr).toBe("");
    const expected = await query("SELECT * FROM read_parquet('first.parquet')");
    expect(expected).toHaveLength(4);
    for (const [name, ...given] of [
      ["parquet", "--labels", "data/labels.parquet"],
      ["ndjson", "--labels", "data/labels.ndjson"],
      ["sql", "--labels-sql", "SELECT * FROM read_csv('data/labels.csv') -- all of them"],
    ] as const) {
      const outcome = trainingSet(`${name}.parquet`, ...given);
      expect(outcome.stderr, name).toBe("");
      expect(await query(`SELECT * FROM read_parquet('${name}.parquet')`), name).toEqual(expected);
    }
    // The Arrow file written above is labels of a second training set: its own features become label columns.
    const again = trainingSet("again.parquet", "--labels", "csv.arrow", "--full-names");
    expect(again.stderr).toBe("");
    const rows = await query("SELECT * EXCLUDE (basket__basket_to_week) FROM read_parquet('again.parquet')");
    expect(rows.map((row) => row.slice(0, 9))).toEqual(expected);
    expect(rows.map((row) => row.slice(9))).toEqual(expected.map((row) => row.slice(4, 8)));
  });

  it("Arrow keeps every type, nulls, microseconds and int64 beyond 2^53, as labels and as a source", async () => {
    await query(
      `COPY (SELECT 1::BIGINT AS customer_id, TIMESTAMP '2026-01-09 00:00:00.000001' AS event_timestamp, 1.5::DOUBLE AS basket_value, 9007199254740993 AS big, DATE '0001-01-01' AS day, 12.3456::DECIMAL(12, 4) AS price, true AS yes, 'é𝒜' AS word, [1, NULL, 3]::BIGINT[] AS list
        UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        UNION ALL SELECT 2, TIMESTAMP '1969-12-31 23:59:59.999999', -0.0, -9223372036854775808, DATE '9999-12-31', -0.0001, false, '', []) TO 'data/types.parquet' (FORMAT parquet)`,
    );
    expect(trainingSet("types.arrow", "--labels", "data/types.parquet").stderr).toBe("");
    expect(trainingSet("types.parquet", "--labels", "types.arrow", "--full-names").stderr).toBe("");
    const columns = "customer_id, event_timestamp, basket_value, big, day, price, yes, word, list";
    expect(await query(`SELECT ${columns} FROM read_parquet('types.parquet')`)).toEqual(
      await query(`SELECT ${columns} FROM read_parquet('data/types.parquet')`),
    );
    edit(definitions(), "path: data/orders.csv", "path: data/orders.arrow");
    const missing = skewproof(root, ["check"]);
    expect(missing.status).toBe(1);
    expect(missing.stdout).toMatch(/No file matches data\/orders\.arrow/);
    writeFileSync(path.join(root, "data/orders.arrow"), "not Arrow at all");
    expect(skewproof(root, ["check"]).stdout).toMatch(/orders\.arrow is no Arrow IPC file that can be read/);
  });

  it("partitions by columns, rows in order within each; reads hive partitions and globs back as a source", async () => {
    const outcome = trainingSet("parts", ...labels, "--partition-by", "returned");
    expect(outcome.stderr).toBe("");
    expect(readdirSync(path.join(root, "parts")).sort()).toEqual(["returned=false", "returned=true"]);
    expect(await query("SELECT customer_id FROM read_parquet('parts/returned=false/*.parquet')")).toEqual([[1n], [3n], [4n]]);
    expect(trainingSet("parts", ...labels, "--partition-by", "retuned").stderr).toMatch(
      /no column retuned.*Did you mean returned\?/,
    );
    expect(trainingSet("parts.parquet", ...labels, "--partition-by", "returned").stderr).toMatch(/is a folder/);
    await query(
      "COPY (SELECT *, month(ordered_at) AS month FROM read_csv('data/orders.csv')) TO 'data/orders' (FORMAT parquet, PARTITION_BY (month))",
    );
    const before = trainingSet("csv.csv", ...labels);
    expect(before.status).toBe(0);
    edit(definitions(), "path: data/orders.csv", "path: data/orders/**/*.parquet");
    expect(trainingSet("hive.csv", ...labels).stderr).toBe("");
    expect(readFileSync(path.join(root, "hive.csv"), "utf8")).toBe(readFileSync(path.join(root, "csv.csv"), "utf8"));
  });

  it("every key known by then, at each step", async () => {
    edit(
      definitions(),
      "features: [customer_orders, customer_last_order, basket]",
      "features: [customer_orders, customer_last_order]",
    );
    const grid = ["--from", "2026-01-02", "--to", "2026-01-04T00:00:00Z", "--every", "1d"];
    expect(trainingSet("grid.parquet", ...grid).stderr).toBe("");
    expect(
      await query("SELECT customer_id, epoch_us(event_timestamp) // 86400000000 - 20454, orders_7d FROM 'grid.parquet'"),
    ).toEqual([
      [1n, 1n, 1n],
      [1n, 2n, 1n],
      [2n, 2n, 1n],
      [1n, 3n, 2n],
      [2n, 3n, 1n],
    ]);
    expect(trainingSet("x.parquet", "--from", "2026-01-02").stderr).toMatch(/in one way/);
    expect(trainingSet("x.parquet", ...grid.slice(0, 4), "--every", "soon").stderr).toMatch(/--every soon is no duration/);
  });
});

describe("a repeated run", () => {
  it("reuses the result while nothing changed, and says so; any change makes it anew", () => {
    const run = (...more: string[]): { reused: boolean; sha256: string } =>
      JSON.parse(trainingSet("out.parquet", ...labels, "--json", ...more).stdout) as { reused: boolean; sha256: string };
    const first = run();
    expect(first.reused).toBe(false);
    expect(run()).toMatchObject({ reused: true, sha256: first.sha256 });
    expect(trainingSet("out.parquet", ...labels).stdout).toMatch(/made of the same inputs before, reused/);
    expect(run("--features", "spent_7d").reused).toBe(false);
    expect(run().reused).toBe(false);
    edit(path.join(root, "data/orders.csv"), "2,2026-01-08 19:45:00,60.25", "2,2026-01-08 19:45:00,60.75");
    expect(run().reused).toBe(false);
    appendFileSync(path.join(root, "out.parquet"), "x");
    expect(run()).toMatchObject({ reused: false });
    edit(definitions(), "window: 7d }\n  - { name: spent_7d", "window: 6d }\n  - { name: spent_7d");
    expect(run().reused).toBe(false);
  });

  it("looks for ties once while the data rests, and again when it changed", async () => {
    expect(trainingSet("out.parquet", ...labels).status).toBe(0);
    const known = readFileSync(path.join(root, ".skewproof/ties.json"), "utf8");
    expect(Object.values(JSON.parse(known) as Record<string, number>)).toEqual([0]);
    expect(trainingSet("again.parquet", ...labels).status).toBe(0);
    expect(readFileSync(path.join(root, ".skewproof/ties.json"), "utf8")).toBe(known);
    appendFileSync(path.join(root, "data/orders.csv"), "2,2026-01-08 19:45:00,99.5\n2,2026-01-08 19:45:00,70.0\n");
    expect(trainingSet("again.parquet", ...labels).status).toBe(0);
    expect(await query("SELECT last_amount FROM 'again.parquet' WHERE customer_id = 2")).toEqual([[99.5]]);
  });

  it("records what it was made of", () => {
    expect(trainingSet("out.parquet", ...labels).status).toBe(0);
    expect(manifestOf("out.parquet")).toMatchObject({
      rows: 4,
      engine: expect.stringMatching(/^duckdb v1\./) as unknown,
      moments: { from: "2026-01-04T00:00:00Z", to: "2026-01-09T12:00:00Z" },
      sources: [{ source: "orders", files: [{ path: "data/orders.csv" }] }],
      shapes: { customer_orders: "buckets", customer_last_order: "asof" },
      nullShare: { orders_7d: 0, last_amount: 0.25 },
    });
    const { sql } = manifestOf("out.parquet") as { sql: string[] };
    expect(sql.at(-1)).toMatch(/ASOF LEFT JOIN/);
  });
});

describe("expectations", () => {
  beforeEach(() => {
    edit(
      definitions(),
      "- { name: last_amount, type: float64, expression: amount }",
      "- { name: last_amount, type: float64, expression: amount, expect: { not_null: true, max: 100, null_rate_below: 0.2 } }",
    );
  });

  it("are counted, and the rows that break them are copied to quarantine; none is lost", async () => {
    const outcome = trainingSet("out.parquet", ...labels);
    expect(outcome.status).toBe(0);
    expect(outcome.stdout).toMatch(/expectation broken: last_amount max, 2 of 4 rows/);
    const [, file = ""] = /copied to (\S+\.parquet)/.exec(outcome.stdout) ?? [];
    expect(await query(`SELECT _row, _broken, customer_id FROM '${file}' ORDER BY _row`)).toEqual([
      [0n, ["last_amount: max"], 1n],
      [2n, ["last_amount: max"], 3n],
      [3n, ["last_amount: not_null"], 4n],
    ]);
    expect(manifestOf("out.parquet")).toMatchObject({
      rows: 4,
      expectations: [
        { feature: "last_amount", rule: "not_null", rows: 1, holds: false },
        { feature: "last_amount", rule: "max", rows: 2, holds: false },
        { feature: "last_amount", rule: "null_rate_below", rows: 1, holds: false },
      ],
    });
  });

  it("with --strict fail the run, which writes nothing", () => {
    const outcome = trainingSet("out.parquet", ...labels, "--strict");
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(
      /3 expectations are broken; nothing was written[\s\S]*last_amount: max by 2 of 4 rows[\s\S]*quarantine/,
    );
    expect(readdirSync(root).filter((name) => name.startsWith("out"))).toEqual([]);
  });
});

describe("what happens meanwhile", () => {
  it("a source that changes during a run is noticed, and nothing is written", async () => {
    const loaded = await loadValidProject(root);
    const building = buildTrainingSet(loaded, {
      service: "shop",
      labels: { path: "data/labels.csv" },
      out: "out.parquet",
      progress: (message) => {
        if (message === "Profiling") appendFileSync(path.join(root, "data/orders.csv"), "9,2026-01-01 00:00:00,1.0\n");
      },
    });
    await expect(building).rejects.toThrow(/orders\.csv was changed while it was read; nothing was written/);
    expect(readdirSync(root).filter((name) => name.startsWith("out"))).toEqual([]);
  });

  it("of two runs that write one output, one wins, whole", async () => {
    const run = (features: string): Promise<number | null> => {
      const child = spawn(
        process.execPath,
        [
          path.join(repository, "core/bin/skewproof.mjs"),
          "training-set",
          "--service",
          "shop",
          ...labels,
          "--out",
          "out.parquet",
          "--features",
          features,
        ],
        { cwd: root, stdio: "ignore" },
      );
      return new Promise((resolve) => child.once("exit", resolve));
    };
    for (let round = 0; round < 3; round++) {
      expect(await Promise.all([run("spent_7d"), run("orders_7d"), run("last_amount,last_was_large")])).toEqual([0, 0, 0]);
      const { features } = manifestOf("out.parquet") as { features: string[] };
      const columns = await query("SELECT name FROM parquet_schema('out.parquet') WHERE name <> 'duckdb_schema'");
      expect(columns.flat().slice(4)).toEqual(features);
      const profile = JSON.parse(readFileSync(path.join(root, "out.parquet.profile.json"), "utf8")) as {
        columns: { name: string }[];
      };
      expect(profile.columns.map(({ name }) => name).slice(4)).toEqual(features);
    }
    expect(readdirSync(root).filter((name) => /tmp|lock|joined/.test(name))).toEqual([]);
  });

  it("what does not fit in memory goes to disk, and is said; the rows are the same", async () => {
    await query(
      "COPY (SELECT (i * 7919) % 50000 AS customer_id, TIMESTAMP '2026-01-01' + to_seconds(i) AS event_timestamp, i::DOUBLE AS basket_value FROM range(1500000) t(i)) TO 'data/many.parquet' (FORMAT parquet)",
    );
    await query(
      "COPY (SELECT (i * 31) % 50000 AS customer_id, TIMESTAMP '2026-01-01' + to_seconds(i) AS ordered_at, i::DOUBLE AS amount FROM range(1500000) t(i)) TO 'data/orders.parquet' (FORMAT parquet)",
    );
    edit(definitions(), "path: data/orders.csv", "path: data/orders.parquet");
    const many = ["--labels", "data/many.parquet", "--json"];
    const little = JSON.parse(trainingSet("little.parquet", ...many, "--memory-limit", "220MB").stdout) as {
      rows: number;
      spilled_bytes: number;
    };
    expect(little).toMatchObject({ rows: 1_500_000 });
    expect(little.spilled_bytes).toBeGreaterThan(1e6);
    const much = JSON.parse(trainingSet("much.parquet", ...many).stdout) as { rows: number; spilled_bytes: number };
    expect(much).toMatchObject({ rows: 1_500_000, spilled_bytes: 0 });
    expect(
      await query(
        "SELECT count(*) FROM (SELECT * FROM 'little.parquet' POSITIONAL JOIN (SELECT customer_id AS c, orders_7d AS o, last_amount AS a FROM 'much.parquet') WHERE c <> customer_id OR o IS DISTINCT FROM orders_7d OR a IS DISTINCT FROM last_amount)",
      ),
    ).toEqual([[0n]]);
    expect(trainingSet("x.parquet", ...labels, "--memory-limit", "lots").stderr).toMatch(/--memory-limit lots is no size/);
  });

  it("Ctrl-C leaves nothing half-written", async () => {
    await query(
      "COPY (SELECT (i * 7919) % 5 AS customer_id, TIMESTAMP '2026-01-01' + to_seconds(i) AS event_timestamp, i::DOUBLE AS basket_value FROM range(2000000) t(i)) TO 'data/many.parquet' (FORMAT parquet)",
    );
    const child = spawn(
      process.execPath,
      [
        path.join(repository, "core/bin/skewproof.mjs"),
        "training-set",
        "--service",
        "shop",
        "--labels",
        "data/many.parquet",
        "--out",
        "out.parquet",
      ],
      { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
    );
    let errors = "";
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const scratch = path.join(root, ".skewproof/tmp");
    for (const end = Date.now() + 20_000; Date.now() < end && !existsSync(scratch);)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill("SIGINT");
    expect(await ended).toBe(3);
    expect(errors).toMatch(/Cancelled|interrupted/i);
    expect(readdirSync(root).filter((name) => name.startsWith("out"))).toEqual([]);
    expect(readdirSync(scratch)).toEqual([]);
  });
});

describe("bad requests", () => {
  it.each([
    [["--labels", "data/none.csv"], 3, /The labels file .*none\.csv is not there/],
    [["--labels", "data/labels.xlsx"], 3, /is not there/],
    [["--labels-sql", "SELECT 1; SELECT 2"], 3, /.+/],
    [["--labels-sql", "SELECT * FROM read_csv('/etc/passwd')"], 2, /Only files inside the project's folder/],
    [[...labels, "--time", "when"], 2, /no column when, which holds the moment/],
    [[...labels, "--features", "spent_7d,spent_7d"], 2, /asked for twice/],
    [[...labels, "--engine", "spark"], 2, /no offline engine spark/],
    [[], 2, /in one way/],
  ] as const)("%j", (given, status, message) => {
    const outcome = trainingSet("out.parquet", ...given);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.status).toBe(status);
    expect(existsSync(path.join(root, "out.parquet"))).toBe(false);
  });

  it("an output whose ending says no format", () => {
    expect(trainingSet("out.xlsx", ...labels).stderr).toMatch(/neither \.parquet, \.csv nor \.arrow/);
    expect(statSync(root).isDirectory()).toBe(true);
  });
});
