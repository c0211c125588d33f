import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { SkewExample, SkewReport } from "skewproof/skew/skew-report";
import { beforeAll, describe, expect, it } from "vitest";

import { askShop, edit, proofProject, skewedProject } from "../tools/skewed-project.js";
import { newProject, repository, serve, skewproof } from "./command-line.js";

function skew(root: string, ...more: string[]): SkewReport {
  const { stdout, stderr, status } = skewproof(root, ["skew", "--service", "shop", "--json", ...more]);
  expect(stderr).toBe("");
  const report = JSON.parse(stdout) as SkewReport;
  expect(status).toBe(report.different === 0 ? 0 : 1);
  return report;
}

/** The example of a customer's feature. */
function found(report: SkewReport, feature: string, customer: number): SkewExample | undefined {
  return report.features
    .find((one) => one.feature === feature)
    ?.examples.find(({ row }) => report.rows[row]?.entities["customer_id"] === customer);
}

const served = "2026-01-12T00:00:00Z";

describe("causes", () => {
  let root: string;
  let report: SkewReport;

  beforeAll(async () => {
    root = await skewedProject();
    report = skew(root);
  });

  it.each([
    [
      "stale_materialization",
      "spent_7d",
      1,
      10,
      15.5,
      /spending was materialized until 2026-01-10T00:00:00Z, 2 d before; 1 row of this key/,
    ],
    ["stale_materialization", "last_amount", 1, 10, 5.5, /Over what was materialized the value is the one served, 10\./],
    ["stale_materialization", "basket_share", 1, 1.1, 11 / 15.5, /spending was materialized until/],
    ["stale_materialization", "score", 6, 0.5, 0.75, /scoring was materialized until .* the last at 2026-01-11T00:00:00Z/],
    [
      "expired",
      "last_amount",
      2,
      null,
      30,
      /of 2025-12-01T10:00:00Z, which was 41 d 14 h old, was past the ttl of 30d; training finds the row of 2026-01-11/,
    ],
    [
      "late_data",
      "visits_7d",
      3,
      1,
      2,
      /1 row of visits for this key came in after it was served, the first at 2026-01-13T09:00:00Z/,
    ],
    [
      "changed_source",
      "spent_7d",
      4,
      40,
      44,
      /The source orders was changed after spending was materialized: .* are still 1, of other content/,
    ],
    ["missing_online", "credit_limit", 5, null, 500, /credit had never been materialized/],
    [
      "missing_online",
      "last_amount",
      8,
      null,
      80,
      /last_order was materialized until 2026-01-10T00:00:00Z, past the moment asked for/,
    ],
    ["definition_changed", "orders_7d", 0, 1, 2, /feature spending\.orders_7d: window 7d is now 14d/],
  ])("%s: %s of customer %i", (cause, feature, customer, was, is, because) => {
    expect(found(report, feature, customer)).toMatchObject({ cause, served: was, recomputed: is });
    expect(found(report, feature, customer)?.because).toMatch(because);
  });

  it("numeric_tolerance: floats added up in another order", () => {
    const one = found(report, "balance", 7);
    expect(one?.cause).toBe("numeric_tolerance");
    expect(one?.served).not.toBe(one?.recomputed);
    expect(one?.served).toBeCloseTo(0.2, 6);
  });

  it("a score known only after it was served counts for neither", () => {
    expect(found(report, "score", 7)).toBeUndefined();
  });

  it("leaves nothing unexplained, counts every value once, and shows both whole rows", () => {
    expect(report.causes.unexplained).toBeUndefined();
    const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
    for (const { compared, equal, different, causes, rate } of report.features) {
      expect(compared).toBe(9);
      expect(equal + different).toBe(9);
      expect(sum(causes)).toBe(different);
      expect(rate?.rate).toBeCloseTo(different / 9);
    }
    expect(sum(report.causes)).toBe(report.features.reduce((total, { different }) => total + different, 0));
    const row = report.rows[found(report, "last_amount", 2)?.row ?? -1];
    expect(row?.served).toMatchObject({ last_amount: null, visits_7d: 0 });
    expect(row?.recomputed).toMatchObject({ last_amount: 30, spent_7d: 30 });
    expect(row?.statuses["last_amount"]).toBe("OUTSIDE_MAX_AGE");
    expect(row?.different).toContain("last_amount");
    expect(report.otherDefinitions).toBe(9);
  });

  it("takes parts of the log by time, and says all of it in text", () => {
    expect(skew(root, "--since", "2026-01-06T00:00:00Z")).toMatchObject({ compared: 8, from: served });
    expect(skew(root, "--until", "2026-01-06T00:00:00Z")).toMatchObject({ compared: 1, different: 1 });
    const { stdout } = skewproof(root, ["skew", "--service", "shop"]);
    expect(stdout).toMatch(
      /^last_amount +9 +4 +44\.44 % \(18\.88–73\.33 %\) +expired 1, stale materialization 1, changed source 1, missing online 1$/m,
    );
  });
});

it("missing_offline: the store was filled on another machine, where the source had more", async () => {
  const [there, here] = [proofProject(), proofProject()];
  expect(skewproof(there, ["materialize", "--until", "2026-01-10T00:00:00Z"])).toMatchObject({ status: 0 });
  cpSync(path.join(there, ".skewproof/online"), path.join(here, ".skewproof/online"), { recursive: true });
  edit(here, "data/orders.csv", "4,2026-01-07 10:00:00,40\n", "");
  const sidecar = await serve(here, ["--replay"]);
  await askShop(sidecar, [4, 0], "2026-01-10T00:00:00Z");
  expect(await sidecar.stop()).toBe(0);
  const report = skew(here);
  expect(report.causes).toEqual({ missing_offline: 4 });
  expect(found(report, "orders_7d", 4)).toMatchObject({ served: 1, recomputed: 0 });
  expect(found(report, "last_amount", 4)?.because).toMatch(/A value was served, from 2026-01-07T10:00:00Z/);
});

it("docs/skew.md says what the commands say", async () => {
  const root = newProject();
  const page = readFileSync(path.join(repository, "docs/skew.md"), "utf8");
  const steps = [...page.matchAll(/```console\n\$ skewproof (.*)\n([\s\S]*?)```/g)];
  const run = (step: RegExpMatchArray | undefined): void => {
    const { stdout } = skewproof(root, (step?.[1] ?? "").split(" "));
    // The page shows the first example of all.
    expect(stdout.startsWith(step?.[2]?.trimEnd() ?? "?"), stdout).toBe(true);
  };
  expect(steps).toHaveLength(2);
  run(steps[0]);
  const sidecar = await serve(root, ["--replay"]);
  const reply = await fetch(`${sidecar.url}/v1/features/shop`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${readFileSync(sidecar.token_file, "utf8").trim()}`,
      "content-type": "application/json",
    },
    body: / -d '(.*)'/.exec(page)?.[1] ?? "",
  });
  expect(reply.status).toBe(200);
  expect(await sidecar.stop()).toBe(0);
  run(steps[1]);
});

it("the log holds every type as it was served", async () => {
  const root = newProject();
  rmSync(path.join(root, "definitions/shop.yaml"));
  writeFileSync(
    path.join(root, "definitions/types.yaml"),
    `kind: entity
name: thing
keys: [{ name: name, type: string }, { name: day, type: date }]
---
kind: source
name: things
query: |
  SELECT * FROM (VALUES
    ('plain', DATE '2026-01-01', TIMESTAMP '2026-01-01 10:00:00.123456', 9223372036854775807, CAST(1.20 AS DECIMAL(20, 2)), [1.5, NULL], [TIMESTAMP '2026-01-01'], true, 'a', 0.1),
    ('odd "𝄞"', DATE '0001-01-01', TIMESTAMP '2026-01-01 10:00:00', -9223372036854775808, CAST(-99999999999999.99 AS DECIMAL(20, 2)), [], NULL, false, 'line' || chr(10) || '"\\ é𝄞', 1e300)
  ) AS t(name, day, moment, i, d, l, ts, b, s, f)
event_time: moment
---
kind: feature_view
name: values_of
entity: thing
source: things
features:
  - { name: i, type: int64 }
  - { name: d, type: "decimal(20,2)" }
  - { name: l, type: list<float64> }
  - { name: ts, type: list<timestamp> }
  - { name: b, type: bool }
  - { name: s, type: string }
  - { name: f, type: float64 }
  - { name: happened, type: timestamp, expression: moment }
  - { name: date, type: date, expression: day }
---
kind: feature_service
name: shop
features: [values_of]
`,
  );
  expect(skewproof(root, ["materialize", "--until", "2026-01-10T00:00:00Z"])).toMatchObject({ status: 0, stderr: "" });
  const sidecar = await serve(root, ["--replay"]);
  const entities = [
    { name: "plain", day: "2026-01-01" },
    { name: 'odd "𝄞"', day: "0001-01-01" },
    { name: "half \ud83d", day: "2026-01-01" },
  ];
  const reply = await fetch(`${sidecar.url}/v1/features/shop`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${readFileSync(sidecar.token_file, "utf8").trim()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ entities, options: { at: "2026-01-10T00:00:00Z" } }),
  });
  expect(reply.status).toBe(200);
  await expect
    .poll(() => readdirSync(path.join(root, ".skewproof/log/shop")).some((name) => name.endsWith(".ndjson")))
    .toBe(true);
  expect(skew(root)).toMatchObject({ compared: 3, equal: 3, unreadable: 0 });
  expect(await sidecar.stop()).toBe(0);
  expect(readdirSync(path.join(root, ".skewproof/log/shop")).map((name) => path.extname(name))).toEqual([".parquet"]);
  expect(skew(root)).toMatchObject({ compared: 3, equal: 3, different: 0 });
});
