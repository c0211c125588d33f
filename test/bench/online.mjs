// The online path on LMDB: materializing a million entities beside a hand-written loop, windows by a library call, and
// features over HTTP on loopback with the generator on the same machine. One JSON line a figure.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { open } from "lmdb";
import { pack } from "msgpackr";
import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import { materialize } from "skewproof/online/node/materialize";
import { openOnlinePusher } from "skewproof/online/node/online-pusher";
import { openKeyValueStore } from "skewproof/online/node/open-key-value-store";
import { spacesOf } from "skewproof/online/node/space-of";
import { createFeatureReader } from "skewproof/online/read-features";
import { runParity } from "skewproof/skew/node/run-parity";
import { loadValidProject } from "skewproof/registry/node/load-project";

const entities = Number(process.env.SKEWPROOF_ENTITIES ?? 1_000_000);
const command = path.resolve(import.meta.dirname, "../../core/bin/skewproof.mjs");
const print = (figure) => console.log(JSON.stringify(figure));
const middle = (values, share = 0.5) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];
const until = BigInt(Date.UTC(2026, 0, 31)) * 1000n;

const root = mkdtempSync(path.join(tmpdir(), "skewproof-online-bench-"));
try {
  await makeProject();
  const loaded = await loadValidProject(root);
  await benchMaterialize(loaded);
  await benchWindows(loaded);
  await benchPush(loaded);
  await benchParity(loaded);
  await benchHttp();
} finally {
  process.chdir(tmpdir());
  rmSync(root, { recursive: true, force: true });
}

/** Profiles: one row an entity, 10 features, three views of them. Events: 2,000 users, 500 each in 30 days. */
async function makeProject() {
  for (const folder of ["definitions", "data"]) mkdirSync(path.join(root, folder));
  writeFileSync(path.join(root, "skewproof.yaml"), "project: bench\nformat: 1\n");
  const columns = Array.from({ length: 10 }, (_, index) =>
    index % 2 === 0 ? `random() AS c${index}` : `CAST(random() * 1000 AS BIGINT) AS c${index}`,
  );
  {
    await using session = await openDuckdb({ root });
    await session.run(
      `COPY (SELECT i AS id, TIMESTAMP '2026-01-01' + to_seconds(CAST(i % 2000000 AS BIGINT)) AS at, ${columns.join(", ")} FROM range(${entities}) AS r(i)) TO 'data/profiles.parquet' (FORMAT parquet)`,
    );
    await session.run(
      `COPY (SELECT i % 2000 AS id, TIMESTAMP '2026-01-01' + to_microseconds(CAST(random() * 2592000e6 AS BIGINT)) AS at, random() AS x, CAST(random() * 100 AS BIGINT) AS n FROM range(1000000) AS r(i)) TO 'data/events.parquet' (FORMAT parquet)`,
    );
  }
  const owner = "owner: a@example.com";
  const view = (name) =>
    `kind: feature_view\nname: ${name}\nentity: user\nsource: profiles\n${owner}\nfeatures:\n${columns.map((_, index) => `  - { name: ${name}_${index}, type: ${index % 2 === 0 ? "float64" : "int64"}, expression: c${index} }`).join("\n")}`;
  const aggregates = ["count(*)", "sum(n)", "avg(x)", "max(n)", "stddev(x)"];
  const windows = ["1h", "1d", "30d"].flatMap((window) =>
    aggregates.map((aggregate, index) => `  - { name: w_${window}_${index}, aggregate: "${aggregate}", window: ${window} }`),
  );
  writeFileSync(
    path.join(root, "definitions/all.yaml"),
    [
      `kind: entity\nname: user\nkeys: [{ name: id, type: int64 }]\n${owner}`,
      `kind: source\nname: profiles\npath: data/profiles.parquet\nevent_time: at\n${owner}`,
      `kind: source\nname: events\npath: data/events.parquet\nevent_time: at\n${owner}`,
      ...["a", "b", "c"].map(view),
      `kind: feature_view\nname: windows\nentity: user\nsource: events\n${owner}\nfeatures:\n${windows.join("\n")}`,
      `kind: source\nname: clicks\nstream: true\nschema: { click_id: string, id: int64, at: timestamp, n: int64 }\nevent_time: at\nevent_id: click_id\n${owner}`,
      `kind: feature_view\nname: clicks_of_user\nentity: user\nsource: clicks\n${owner}\nfeatures:\n  - { name: clicks_7d, type: int64, aggregate: count(*), window: 7d }\n  - { name: n_7d, type: int64, aggregate: sum(n), window: 7d }`,
      `kind: feature_service\nname: clicking\nfeatures: [clicks_of_user]\n${owner}`,
      `kind: feature_service\nname: profile\nfeatures: [a, b, c]\n${owner}`,
      `kind: feature_service\nname: recent\nfeatures: [windows]\n${owner}`,
    ].join("\n---\n"),
  );
}

async function benchMaterialize(loaded) {
  const started = performance.now();
  await materialize(loaded, { views: ["a"], until });
  const ours = (performance.now() - started) / 1000;
  const byHand = await writeByHand();
  print({
    name: `materialize ${entities.toLocaleString("en")} entities × 10 features into LMDB`,
    goal: "150,000 rows a second",
    rows_per_second: Math.round(entities / ours),
    by_hand: Math.round(entities / byHand),
    ratio: Number((ours / byHand).toFixed(2)),
  });
  await materialize(loaded, { views: ["b", "c", "windows"], until });
}

/** The same rows read by the same engine, packed, and put into LMDB in large transactions: nothing can be exact for less. */
async function writeByHand() {
  const started = performance.now();
  await using session = await openDuckdb({ root });
  const database = open({ path: path.join(root, "by-hand.lmdb"), encoding: "binary" });
  let batch = [];
  const flush = async () => {
    const rows = batch;
    batch = [];
    await database.transaction(() => {
      for (const [id, ...values] of rows) database.putSync(String(id), pack(values));
    });
  };
  for await (const chunk of session.stream("SELECT * FROM read_parquet('data/profiles.parquet') ORDER BY id"))
    for (const row of chunk) {
      batch.push(row);
      if (batch.length === 20_000) await flush();
    }
  await flush();
  await database.flushed;
  await database.close();
  return (performance.now() - started) / 1000;
}

/** Rows that are durable in the log and visible online, 500 at a time, four batches under way. */
async function benchPush(loaded) {
  const pusher = await openOnlinePusher(loaded, "clicks");
  const [batches, size] = [200, 500];
  const at = new Date().toISOString();
  const rows = Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: size }, (_, row) => ({
      row: { json: { click_id: `${batch}-${row}`, id: (batch * 7919 + row * 104_729) % 100_000, at, n: row } },
    })),
  );
  const started = performance.now();
  const running = new Set();
  for (const batch of rows) {
    const push = pusher.push(batch);
    running.add(push);
    push.then(() => running.delete(push));
    if (running.size >= 4) await Promise.race(running);
  }
  await Promise.all(running);
  const seconds = (performance.now() - started) / 1000;
  await pusher.close();
  print({
    name: "push, durable and visible online, batches of 500, 100,000 keys",
    goal: "50,000 rows a second",
    rows_per_second: Math.round((batches * size) / seconds),
  });
}

/** Online against offline, at the high-water mark and after it. */
async function benchParity(loaded) {
  const started = performance.now();
  let [compared, different] = [0, 0];
  for (const service of ["profile", "recent", "clicking"]) {
    const report = await runParity(loaded, { service, sample: 33_334, seed: 1 });
    compared += report.compared;
    different += report.different;
  }
  print({
    name: "parity, random keys and moments",
    goal: "100,000 reads, 0 different",
    compared,
    different,
    seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
  });
}

async function benchWindows(loaded) {
  const store = await openKeyValueStore(loaded, { readOnly: true });
  const reader = createFeatureReader(loaded.project.services.get("recent"), store, spacesOf("bench"));
  const times = [];
  for (let round = 0; round < 20_000; round++) {
    const request = { entities: { id: BigInt((round * 7919) % 2000) }, request: {} };
    const at = until - BigInt(Math.floor(Math.random() * 86_400e6));
    const began = performance.now();
    reader.read([request], at);
    times.push((performance.now() - began) * 1000);
  }
  await store.close();
  const warm = times.slice(2000);
  print({
    name: "three windows × 5 aggregates of 500 events, library call",
    goal: "p50 under 60 µs",
    p50_us: Number(middle(warm).toFixed(1)),
    p99_us: Number(middle(warm, 0.99).toFixed(1)),
  });
}

/** Answers of the same size from a bare server that parses the question and knows nothing: no server on Node can do more. */
async function bareServer(length, options) {
  const code = `require("node:http").createServer((request, reply) => {
    let text = "";
    request.on("data", (data) => (text += data));
    request.on("end", () => {
      JSON.parse(text);
      reply.setHeader("content-type", "application/json");
      reply.end(JSON.stringify({ rows: "x".repeat(${length}) }));
    });
  }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;
  const server = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => createInterface({ input: server.stdout }).once("line", resolve));
  try {
    await generate({ ...options, url: `http://127.0.0.1:${port}`, seconds: 2 });
    return await generate({ ...options, url: `http://127.0.0.1:${port}`, seconds: 4 });
  } finally {
    server.kill();
  }
}

async function benchHttp() {
  const server = spawn(process.execPath, [command, "serve", "--project", root, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise((resolve) => createInterface({ input: server.stdout }).once("line", resolve));
  const { url, token_file } = JSON.parse(line);
  const token = readFileSync(token_file, "utf8").trim();
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
  // Pages of the mapped file count as resident shared; they are the file's, not the process's.
  const own = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
  const bodies = (size) =>
    Array.from({ length: 2000 }, (_, index) =>
      JSON.stringify({
        entities: Array.from({ length: size }, (_, row) => ({ id: (index * 7919 * 31 + row * 104_729) % entities })),
      }),
    );
  try {
    for (const [size, goal] of [
      [1, "p99 under 2 ms at half of saturation; 15,000 requests a second"],
      [100, "p99 under 10 ms"],
    ]) {
      const options = { url, token, path: "/v1/features/profile", bodies: bodies(size), connections: 16 };
      const sample = await fetch(`${url}${options.path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: options.bodies[0],
      });
      const bare = await bareServer((await sample.text()).length, options);
      await generate({ ...options, seconds: 3 });
      const saturated = await generate({ ...options, seconds: 5 });
      const half = await generate({ ...options, seconds: 8, rate: Math.round(saturated.rate / 2) });
      print({
        name: `${size} ${size === 1 ? "entity" : "entities"} × 30 features over HTTP`,
        goal,
        requests_per_second: Math.round(saturated.rate),
        bare_server: Math.round(bare.rate),
        ratio: Number((bare.rate / saturated.rate).toFixed(2)),
        p50_ms: Number(half.p50.toFixed(2)),
        p99_ms: Number(half.p99.toFixed(2)),
        at_rate: Math.round(half.rate),
      });
    }
    print({
      name: `memory of the sidecar, ${entities.toLocaleString("en")} entities`,
      goal: "under 500 MB beyond the mapped file",
      anonymous_mb: Math.round(own()),
      resident_mb: Math.round(resident()),
    });
  } finally {
    server.kill("SIGTERM");
    await new Promise((resolve) => server.once("exit", resolve));
  }
}

/** In a process of its own: the generator must not share the server's thread. */
async function generate(options) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "load.mjs")], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(options));
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text);
}
