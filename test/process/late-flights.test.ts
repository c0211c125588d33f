import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import type { Value } from "skewproof/values/value";
import { beforeAll, describe, expect, it } from "vitest";

import { repository, skewproof } from "./command-line.js";

const sample = path.join(repository, "samples/late-flights");

interface Report {
  readonly rows: number;
  readonly labels: number;
  readonly features: number;
  readonly auc_known_at: number;
  readonly auc_leaky: number;
  readonly auc_leaky_served: number;
  readonly predict_p99_ms: number;
  readonly requests: number;
  readonly skew: { readonly compared: number; readonly equal: number; readonly different: number };
  readonly drift: readonly { readonly feature: string; readonly psi: number }[];
  readonly total_seconds: number;
}

function start(): Promise<{ status: number | null; report: Report }> {
  const child = spawn(process.execPath, [path.join(sample, "main.mjs"), "--json"], {
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => (text += data.toString()));
  return new Promise((resolve, reject) => {
    child.once("close", (status) => {
      try {
        resolve({ status, report: JSON.parse(text) as Report });
      } catch (error) {
        reject(new Error(`npm start ended with status ${String(status)} and wrote: ${text}`, { cause: error }));
      }
    });
  });
}

describe("npm start on three million flights", () => {
  let starts: { status: number | null; report: Report }[];
  beforeAll(async () => {
    starts = await Promise.all([start(), start()]);
  });

  it("ends well twice at the same time, with the same results", () => {
    const [one, two] = starts;
    expect(starts.map(({ status }) => status)).toEqual([0, 0]);
    for (const key of [
      "rows",
      "labels",
      "features",
      "auc_known_at",
      "auc_leaky",
      "auc_leaky_served",
      "requests",
      "skew",
      "drift",
    ] as const)
      expect(two?.report[key], key).toEqual(one?.report[key]);
  });

  it("shows the leak, and served equal to training", () => {
    for (const { report } of starts) {
      expect(report.rows).toBe(3_000_000);
      expect(report.labels).toBeGreaterThanOrEqual(100_000);
      expect(report.auc_leaky).toBeGreaterThan(report.auc_known_at);
      expect(report.auc_leaky_served).toBeGreaterThan(0.5);
      expect(report.auc_leaky_served).toBeLessThan(1);
      expect(report.requests).toBeGreaterThanOrEqual(2000);
      expect(report.skew.compared).toBeGreaterThanOrEqual(report.requests);
      expect(report.skew).toEqual({ compared: report.skew.compared, equal: report.skew.compared, different: 0 });
      expect(report.drift.length).toBeGreaterThan(20);
    }
  });

  it("a run replays to the same bytes", () => {
    const [run] = readdirSync(path.join(sample, ".skewproof/runs")).filter((name) => name.endsWith("-train_late_flight"));
    const outcome = skewproof(sample, ["runs", "replay", run ?? "", "--json"]);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ identical: true, differences: [] });
    expect(outcome.status).toBe(0);
  });

  it("without Python a run says what to install", () => {
    const outcome = skewproof(sample, ["run", "train_late_flight"], { PATH: mkdtempSync(path.join(tmpdir(), "empty-")) });
    expect(outcome.status).toBe(3);
    expect(outcome.stderr).toMatch(/Python 3\.10 or newer with venv was not found\. Install python3/);
  });
});

describe("the training set", () => {
  it("equals plain loops over the flights, on 1,000 labels", async () => {
    const run = readdirSync(path.join(sample, ".skewproof/runs")).filter((name) => name.endsWith("-train_late_flight"))[0] ?? "";
    await using session = await openDuckdb({ root: sample });
    const features = [
      "origin_departures_1h",
      "origin_delay_mean_1h",
      "origin_late_share_3h",
      "origin_delay_max_3h",
      "origin_late_share_1d",
      "destination_flights_1h",
      "destination_delay_mean_3h",
      "route_flights_7d",
      "route_delay_mean_7d",
      "route_late_share_28d",
    ];
    const labels = await session.rows(
      `SELECT epoch_us(event_timestamp), origin, destination, ${features.join(", ")} FROM read_parquet('.skewproof/runs/${run}/test.parquet') WHERE event_timestamp >= TIMESTAMP '2001-06-20' ORDER BY md5(concat(origin, destination, event_timestamp)) LIMIT 1000`,
    );
    expect(labels).toHaveLength(1000);
    const flights = (await session.rows(
      `SELECT epoch_us(date), CAST(delay AS DOUBLE), origin, destination FROM read_parquet('data/flights-3m.parquet') WHERE date >= TIMESTAMP '2001-05-20'`,
    )) as [bigint, number, string, string][];
    const [times, delays] = [
      Float64Array.from(flights, ([time]) => Number(time) / 6e7),
      Float64Array.from(flights, ([, delay]) => delay),
    ];
    const minutes = { "1h": 60, "3h": 180, "1d": 1440, "7d": 10_080, "28d": 40_320 };

    const groups = new Map<string, number[]>();
    for (const [index, [, , from, to]] of flights.entries())
      for (const name of [`${from}>`, `>${to}`, `${from}>${to}`]) {
        const group = groups.get(name);
        if (group === undefined) groups.set(name, [index]);
        else group.push(index);
      }

    for (const [time, origin, destination, ...values] of labels) {
      const t = Number(time) / 6e7;
      /** Delays of the flights of the window that had left by t, minute by minute as the timetable has them. */
      const known = (window: keyof typeof minutes, from: Value | undefined, to: Value | undefined): number[] => {
        const found: number[] = [];
        for (const index of groups.get(`${(from ?? "") as string}>${(to ?? "") as string}`) ?? []) {
          const [at = 0, delay = 0] = [times[index], delays[index]];
          if (at >= t || at < t - minutes[window] || at + delay > t) continue;
          found.push(delay);
        }
        return found;
      };
      const mean = (all: number[]): number | null =>
        all.length === 0 ? null : all.reduce((sum, one) => sum + one, 0) / all.length;
      const late = (all: number[]): number | null => mean(all.map((one) => (one > 15 ? 1 : 0)));
      const [o1, o3] = [known("1h", origin, undefined), known("3h", origin, undefined)];
      const expected = [
        o1.length,
        mean(o1),
        late(o3),
        o3.length === 0 ? null : Math.max(...o3),
        late(known("1d", origin, undefined)),
        known("1h", undefined, destination).length,
        mean(known("3h", undefined, destination)),
        known("7d", origin, destination).length,
        mean(known("7d", origin, destination)),
        late(known("28d", origin, destination)),
      ];
      for (const [index, want] of expected.entries()) {
        const got = values[index] ?? null;
        const where = `${features[index] ?? ""} of ${origin as string}–${destination as string}`;
        if (want === null || got === null) expect(got, where).toBe(want);
        else expect(Math.abs(Number(got) - want), where).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(want)));
      }
    }
  });
});

describe("an interrupted start", () => {
  it("cleans up after Ctrl-C, and can start again", async () => {
    const child = spawn(process.execPath, [path.join(sample, "main.mjs")], {
      cwd: repository,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    // In the middle of the first training set.
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (data: Buffer) => {
        if (data.toString().includes("Definitions checked")) setTimeout(resolve, 2000);
      });
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(errors).toContain("Interrupted; nothing is left running.");
    expect(readdirSync(path.join(sample, ".skewproof"))).not.toContain("start.lock");
    const runs = path.join(sample, ".skewproof/runs");
    for (const run of readdirSync(runs))
      expect(readdirSync(path.join(runs, run)).filter((name) => name.includes(".tmp"))).toEqual([]);
  });
});
