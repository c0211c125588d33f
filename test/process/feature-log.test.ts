import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { DuckDBInstance } from "@duckdb/node-api";
import type { SkewReport } from "skewproof/skew/skew-report";
import { expect, it } from "vitest";

import { newProject, repository, serve, skewproof, type Serving } from "./command-line.js";

const folderOf = (root: string): string => path.join(root, ".skewproof/log/shop");
const filesOf = (root: string, ending: string): string[] =>
  readdirSync(folderOf(root))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => path.join(folderOf(root), name));

function shop(): string {
  const root = newProject();
  expect(skewproof(root, ["materialize", "--until", "2026-01-10T00:00:00Z"])).toMatchObject({ status: 0 });
  return root;
}

async function ask({ url, token_file }: Pick<Serving, "url" | "token_file">, customers: readonly number[]): Promise<string> {
  const reply = await fetch(`${url}/v1/features/shop`, {
    method: "POST",
    headers: { authorization: `Bearer ${readFileSync(token_file, "utf8").trim()}`, "content-type": "application/json" },
    body: JSON.stringify({
      entities: customers.map((customer_id) => ({ customer_id })),
      request: customers.map(() => ({ basket_value: 50 })),
    }),
  });
  expect(reply.status).toBe(200);
  return ((await reply.json()) as { request_id: string }).request_id;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function skew(root: string): SkewReport {
  const { stdout, stderr } = skewproof(root, ["skew", "--service", "shop", "--json"]);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as SkewReport;
}

/** Rows of the finished segments: by request, how often each position stands there. */
async function finishedRows(root: string): Promise<Map<string, Map<number, number>>> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const found = new Map<string, Map<number, number>>();
  const read = await connection.runAndReadAll(
    `SELECT request_id, "row"::INTEGER, count(*)::INTEGER FROM read_parquet('${folderOf(root)}/*.parquet') GROUP BY ALL ORDER BY ALL`,
  );
  for (const [request, row, count] of read.getRows() as [string, number, number][])
    found.set(request, (found.get(request) ?? new Map<number, number>()).set(row, count));
  connection.closeSync();
  instance.closeSync();
  return found;
}

it("kill -9 under load and in the middle of rolls: what was answered a second before is there, exactly once", async () => {
  const seed = Number(process.env["SKEWPROOF_SEED"] ?? Date.now() % 1_000_000_000);
  process.stdout.write(`feature log, kill -9: SKEWPROOF_SEED=${seed}\n`);
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
  const root = shop();
  const rowsOf = 7;
  const answered: { readonly request: string; readonly at: number }[] = [];
  const due: string[] = [];
  let inRoll = 0;
  for (let round = 0; round < 5; round++) {
    // Some forty rows a segment: rolls are under way all the time.
    const sidecar = await serve(root, ["--log-segment", "10KB"]);
    const ended = new Promise((resolve) => sidecar.child.once("exit", resolve));
    let isOver = false;
    const clients = upTo(3).map(async () => {
      while (!isOver) {
        const request = await ask(sidecar, upTo(rowsOf)).catch(() => undefined);
        if (request !== undefined) answered.push({ request, at: performance.now() });
      }
    });
    await sleep(1200 + random() * 1500);
    sidecar.child.kill("SIGKILL");
    const killed = performance.now();
    isOver = true;
    await ended;
    await Promise.all(clients);
    due.push(...answered.filter(({ at }) => at < killed - 1000).map(({ request }) => request));
    answered.length = 0;
    inRoll += filesOf(root, ".ndjson").length > 1 || filesOf(root, ".tmp").length > 0 ? 1 : 0;
  }
  expect(due.length).toBeGreaterThan(100);
  expect(inRoll).toBeGreaterThan(0);
  const before = skew(root);
  expect(before).toMatchObject({ unreadable: 0, notLogged: 0 });
  // The next start takes in what was left; nothing is lost or doubled by that.
  const last = await serve(root, []);
  await ask(last, [1]);
  expect(await last.stop()).toBe(0);
  expect(filesOf(root, ".ndjson")).toEqual([]);
  expect(filesOf(root, ".tmp")).toEqual([]);
  expect(skew(root).compared).toBe(before.compared + 1);
  const found = await finishedRows(root);
  for (const request of due)
    expect([request, ...(found.get(request) ?? [])]).toEqual([request, ...upTo(rowsOf).map((row) => [row - 1, 1])]);
  for (const rows of found.values()) for (const count of rows.values()) expect(count).toBe(1);
});

it("a torn last line is cut, a damaged one is counted", async () => {
  const root = shop();
  const sidecar = await serve(root, []);
  await ask(sidecar, [1, 2, 3]);
  await expect.poll(() => filesOf(root, ".ndjson").map((file) => statSync(file).size > 5000)).toEqual([true]);
  sidecar.child.kill("SIGKILL");
  const [tail = ""] = filesOf(root, ".ndjson");
  appendFileSync(tail, '{"c0":"half a li');
  expect(skew(root)).toMatchObject({ compared: 3, unreadable: 0 });
  appendFileSync(tail, '\n{"c0":"another ha');
  expect(skew(root)).toMatchObject({ compared: 3, unreadable: 1 });
});

it("a full disk: serving goes on, and rows that could not be logged are counted and told", async () => {
  const root = shop();
  // No file may grow beyond 256 KB, as on a disk that has no more.
  const started = spawn(
    "sh",
    [
      "-c",
      'ulimit -f 512; exec "$0" "$@"',
      process.execPath,
      path.join(repository, "core/bin/skewproof.mjs"),
      "serve",
      "--port",
      "0",
      "--json",
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  let errors = "";
  started.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<number | null>((resolve) => started.once("exit", resolve));
  const line = await new Promise<string>((resolve) => createInterface({ input: started.stdout }).once("line", resolve));
  const sidecar = JSON.parse(line) as { url: string; token_file: string };
  const rows = 9 * 8000;
  for (let request = 0; request < 9; request++) await ask(sidecar, upTo(8000));
  const headers = { authorization: `Bearer ${readFileSync(sidecar.token_file, "utf8").trim()}` };
  const metrics = await (await fetch(`${sidecar.url}/metrics`, { headers })).text();
  expect(Number(/^skewproof_feature_log_lost_rows_total (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(rows - 50_000 - 8000);
  started.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(errors).toMatch(/Served rows are not logged at the moment: .*EFBIG/);
  const report = skew(root);
  expect(report.notLogged).toBeGreaterThan(0);
  expect(report.compared + report.notLogged).toBe(rows);
  expect(skewproof(root, ["skew", "--service", "shop"]).stdout).toMatch(
    /\d+ served rows could not be logged and can never be compared\./,
  );
});

it("keeps within its limit: the oldest segments go", async () => {
  const root = shop();
  const sidecar = await serve(root, ["--log-limit", "200KB", "--log-segment", "20KB"]);
  const requests: string[] = [];
  for (let request = 0; request < 60; request++) {
    requests.push(await ask(sidecar, upTo(200)));
    await sleep(60);
  }
  expect(await sidecar.stop()).toBe(0);
  const size = readdirSync(folderOf(root)).reduce((sum, name) => sum + statSync(path.join(folderOf(root), name)).size, 0);
  expect(size).toBeLessThanOrEqual(200_000);
  const found = await finishedRows(root);
  expect(found.has(requests.at(-1) ?? "")).toBe(true);
  expect(found.has(requests[0] ?? "")).toBe(false);
});

it("samples by entity, whose history stays whole, and says so", async () => {
  const root = shop();
  const sidecar = await serve(root, ["--log-sample", "0.25"]);
  for (let request = 0; request < 3; request++) await ask(sidecar, upTo(1000));
  expect(await sidecar.stop()).toBe(0);
  const report = skew(root);
  expect(report.samples).toEqual([0.25]);
  expect(report.compared % 3).toBe(0);
  expect(report.compared / 3).toBeGreaterThan(190);
  expect(report.compared / 3).toBeLessThan(310);
  const rows = [...(await finishedRows(root)).values()].map((positions) => [...positions.keys()].sort((a, b) => a - b));
  expect(rows[1]).toEqual(rows[0]);
  expect(rows[2]).toEqual(rows[0]);
  expect(skewproof(root, ["skew", "--service", "shop"]).stdout).toContain("The log is a sample: 25.00 % of the entities");
});

it("refuses a share or a size that is none", () => {
  const root = newProject();
  expect(skewproof(root, ["serve", "--log-sample", "0"])).toMatchObject({ status: 2 });
  expect(skewproof(root, ["serve", "--log-limit", "much"]).stderr).toContain("--log-limit much is no size such as 512MB or 2GB.");
});
