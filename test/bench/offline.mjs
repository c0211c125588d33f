// Training sets of a million labels and more against hand-written DuckDB SQL on the same files. Each run is a process
// of its own, so that its memory is its own. `ratio` is of the join, labels read to Parquet written; the whole command
// digests sources, profiles and verifies besides. `node offline.mjs [CASE]` prints one JSON line a case.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { buildTrainingSet } from "skewproof/offline/node/training-set";
import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import { loadValidProject } from "skewproof/registry/node/load-project";

const root = path.resolve(import.meta.dirname, "../../.cache/bench/offline");
const features = (view) => Array.from({ length: 10 }, (_, index) => `f${view}_${index}`);
const windows = { "1h": 3600, "1d": 86_400, "30d": 2_592_000 };

/** The data: random keys and moments of one year; `skewed` files have a fifth of their rows on one key. */
async function makeData(millions) {
  mkdirSync(path.join(root, "definitions"), { recursive: true });
  mkdirSync(path.join(root, "data"), { recursive: true });
  writeFileSync(path.join(root, "skewproof.yaml"), "project: bench\nformat: 1\n");
  const view = (index, skew) => `---
kind: source
name: s${index}${skew}
path: data/v${index}${skew}.parquet
event_time: e
---
kind: feature_view
name: v${index}${skew}
entity: one
source: s${index}${skew}
features: [${features(index)
    .map((name) => `{ name: ${name} }`)
    .join(", ")}]
`;
  const window = (skew) => `---
kind: source
name: events${skew}
path: data/events${skew}.parquet
event_time: e
---
kind: feature_view
name: windows${skew}
entity: one
source: events${skew}
features:
${Object.keys(windows)
  .flatMap((name) => [
    `  - { name: sum_${name}, aggregate: sum(x), window: ${name} }`,
    `  - { name: n_${name}, aggregate: count(x), window: ${name} }`,
    `  - { name: avg_${name}, aggregate: avg(x), window: ${name} }`,
  ])
  .join("\n")}
---
kind: feature_service
name: windows${skew}
features: [windows${skew}]
---
kind: feature_service
name: latest${skew}
features: [v0${skew}, v1${skew}, v2${skew}]
`;
  writeFileSync(
    path.join(root, "definitions/all.yaml"),
    [
      "kind: entity\nname: one\nkeys: [{ name: k, type: int64 }]\n",
      ...["", "_skewed"].flatMap((skew) => [0, 1, 2].map((index) => view(index, skew)).concat(window(skew))),
    ].join(""),
  );
  await using session = await openDuckdb({ root });
  const write = async (name, rows, more, skewed) => {
    const file = path.join(root, "data", `${name}.parquet`);
    if (existsSync(file)) return;
    const key = skewed ? "CASE WHEN random() < 0.2 THEN 0 ELSE (random() * 100000)::BIGINT END" : "(random() * 100000)::BIGINT";
    const moment = "TIMESTAMP '2024-01-01' + to_microseconds((random() * 31536000000000)::BIGINT)";
    await session.run(`SELECT setseed(0.42)`);
    await session.run(
      `COPY (SELECT ${key} AS k, ${moment} AS ${more[0]}, ${more.slice(1).join(", ")} FROM range(${rows})) TO '${file}.tmp' (FORMAT parquet, COMPRESSION zstd)`,
    );
    renameSync(`${file}.tmp`, file);
  };
  for (const skew of [false, true]) {
    const end = skew ? "_skewed" : "";
    for (const index of [0, 1, 2])
      await write(`v${index}${end}`, 1e6, ["e", ...features(index).map((name) => `random() AS ${name}`)], skew);
    await write(`events${end}`, 5e6, ["e", "random() * 100 AS x"], skew);
    for (const size of [1, ...(millions > 1 ? [millions] : [])])
      await write(`labels_${size}${end}`, size * 1e6, ["t", "random() < 0.5 AS y"], skew);
  }
}

const parquet = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000";
/** The best DuckDB SQL we could write by hand for each case; labels keep their order. */
const handWritten = {
  latest: (
    labels,
    end,
  ) => `COPY (SELECT l.* EXCLUDE (r), ${[0, 1, 2].flatMap((index) => features(index).map((name) => `v${index}.${name}`)).join(", ")}
    FROM (SELECT *, row_number() OVER () AS r FROM '${labels}') l
    ${[0, 1, 2].map((index) => `ASOF LEFT JOIN 'data/v${index}${end}.parquet' v${index} ON l.k = v${index}.k AND l.t >= v${index}.e`).join("\n")}
    ORDER BY r) TO 'hand.parquet' (${parquet})`,
  windows: (
    labels,
    end,
  ) => `COPY (SELECT l.* EXCLUDE (r), w.* EXCLUDE (r) FROM (SELECT *, row_number() OVER () AS r FROM '${labels}') l
    LEFT JOIN (SELECT l.r, ${Object.entries(windows)
      .map(([name, seconds]) => {
        const filter = `FILTER (WHERE e.e >= l.t - INTERVAL ${seconds} SECOND)`;
        return `sum(x) ${filter} AS sum_${name}, count(x) ${filter} AS n_${name}, avg(x) ${filter} AS avg_${name}`;
      })
      .join(", ")}
      FROM (SELECT *, row_number() OVER () AS r FROM '${labels}') l JOIN 'data/events${end}.parquet' e ON l.k = e.k AND e.e < l.t AND e.e >= l.t - INTERVAL 30 DAY GROUP BY l.r) w ON l.r = w.r
    ORDER BY l.r) TO 'hand.parquet' (${parquet})`,
};

/** Polars' own point-in-time join, read to written, on the same files. */
const polars = `
import sys, time
import polars as pl
labels, end, out = sys.argv[1:]
started = time.perf_counter()
rows = pl.read_parquet(labels).with_row_index("r").sort("t")
for index in range(3):
    view = pl.read_parquet(f"data/v{index}{end}.parquet").sort("e")
    rows = rows.join_asof(view, left_on="t", right_on="e", by="k", strategy="backward", check_sortedness=False).drop("e", strict=False)
rows.sort("r").drop("r").write_parquet(out, compression="zstd", compression_level=1)
print(time.perf_counter() - started)
`;

async function child(kind, who, labels, end, memory) {
  process.chdir(root);
  let spilled = 0;
  const stages = new Map();
  const started = performance.now();
  if (who === "skewproof") {
    rmSync("ours.parquet.manifest.json", { force: true });
    const loaded = await loadValidProject(root);
    ({ spilled } = await buildTrainingSet(loaded, {
      progress: (message) => {
        const stage = /^(Digesting|Looking|Profiling)/.exec(message)?.[0];
        if (stage !== undefined && !stages.has(stage)) stages.set(stage, performance.now());
      },
      service: `${kind}${end}`,
      labels: { path: labels },
      out: "ours.parquet",
      time: "t",
      ...(memory > 0 ? { memoryLimit: memory } : {}),
    }));
  } else {
    await using session = await openDuckdb({ root });
    await session.run(handWritten[kind](labels, end));
  }
  const cpu = process.cpuUsage();
  console.log(
    JSON.stringify({
      seconds: (performance.now() - started) / 1000,
      joinSeconds: ((stages.get("Profiling") ?? performance.now()) - (stages.get("Looking") ?? started)) / 1000,
      cpu: (cpu.user + cpu.system) / 1e6,
      peakMb: process.resourceUsage().maxRSS / 1e3,
      spilledMb: spilled / 1e6,
    }),
  );
}

function measure(...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, "child", ...args.map(String)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

function measurePolars(labels, end) {
  const python = path.join(root, "../venv/bin/python");
  if (!existsSync(python)) {
    const made = spawnSync("sh", [
      "-c",
      `python3 -m venv '${path.join(root, "../venv")}' && '${python}' -m pip install -q polars==2.1.0`,
    ]);
    if (made.status !== 0) return undefined;
  }
  const { stdout, status } = spawnSync(python, ["-c", polars, labels, end, "polars.parquet"], { cwd: root, encoding: "utf8" });
  return status === 0 ? Number(stdout) : undefined;
}

/** Three runs each, taking turns; the fastest of each counts. */
function compare(name, goal, kind, labels, end, runs = 3) {
  const [ours, hand] = [[], []];
  for (let run = 0; run < runs; run++) {
    hand.push(measure(kind, "hand", labels, end, 0));
    ours.push(measure(kind, "skewproof", labels, end, 0));
  }
  const best = (all, key) => Math.min(...all.map((one) => one[key]));
  const fastest = kind === "latest" ? measurePolars(labels, end) : undefined;
  console.log(
    JSON.stringify({
      name,
      goal,
      ratio: Number((best(ours, "joinSeconds") / best(hand, "joinSeconds")).toFixed(2)),
      joinSeconds: Number(best(ours, "joinSeconds").toFixed(2)),
      wholeCommandRatio: Number((best(ours, "seconds") / best(hand, "seconds")).toFixed(2)),
      cpuRatio: Number((best(ours, "cpu") / best(hand, "cpu")).toFixed(2)),
      seconds: Number(best(ours, "seconds").toFixed(2)),
      handWrittenSeconds: Number(best(hand, "seconds").toFixed(2)),
      peakMb: Math.round(best(ours, "peakMb")),
      ...(fastest === undefined ? {} : { polarsSeconds: Number(fastest.toFixed(2)) }),
    }),
  );
}

if (process.argv[2] === "child") {
  const [kind, who, labels, end, memory] = process.argv.slice(3);
  await child(kind, who, labels, end, Number(memory));
} else {
  const millions = Number(process.env.BENCH_MILLIONS ?? 10);
  await makeData(millions);
  process.chdir(root);
  const only = process.argv[2];
  const cases = {
    latest: () => compare("1 M labels × 3 latest-row views", "ratio 1.1", "latest", "data/labels_1.parquet", ""),
    windows: () =>
      compare("1 M labels × windows 1h, 1d, 30d over 5 M events", "ratio 1.5", "windows", "data/labels_1.parquet", ""),
    large: () => {
      const limit = 2e9;
      const even = measure("latest", "skewproof", `data/labels_${millions}.parquet`, "", limit);
      const skewed = measure("latest", "skewproof", `data/labels_${millions}_skewed.parquet`, "_skewed", limit);
      console.log(
        JSON.stringify({
          name: `${millions} M labels × 3 views with 2 GB, one key with a fifth of the rows against even keys`,
          goal: "completes; ratio 2",
          ratio: Number((skewed.seconds / even.seconds).toFixed(2)),
          seconds: Number(skewed.seconds.toFixed(1)),
          evenSeconds: Number(even.seconds.toFixed(1)),
          peakMb: Math.round(Math.max(even.peakMb, skewed.peakMb)),
          spilledMb: Math.round(even.spilledMb),
        }),
      );
    },
    "windows-skewed": () => {
      const even = measure("windows", "skewproof", "data/labels_1.parquet", "", 0);
      const skewed = measure("windows", "skewproof", "data/labels_1_skewed.parquet", "_skewed", 0);
      console.log(
        JSON.stringify({
          name: "1 M labels × windows, one key with a fifth of the rows against even keys",
          goal: "ratio 2",
          ratio: Number((skewed.seconds / even.seconds).toFixed(2)),
          seconds: Number(skewed.seconds.toFixed(1)),
          evenSeconds: Number(even.seconds.toFixed(1)),
        }),
      );
    },
  };
  for (const [name, run] of Object.entries(cases)) if (only === undefined || only === name) await run();
}
