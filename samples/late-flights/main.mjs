// `npm start`: the whole way of one model on real data, from definitions to drift. See README.md.
import { spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { driftReport } from "skewproof/drift/drift-report";
import { ensureEngine, pageAddress } from "skewproof/engine/node/engine-file";
import { isSkewproofError } from "skewproof/errors";
import { registerModelVersion } from "skewproof/models/node/model-store";
import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import { materialize } from "skewproof/online/node/materialize";
import { profileRelation } from "skewproof/profiles/node/profile-relation";
import { requireModel } from "skewproof/registry/find";
import { loadValidProject } from "skewproof/registry/node/load-project";
import { findPython } from "skewproof/runs/node/python-environment";
import { runPipeline } from "skewproof/runs/node/run-pipeline";
import { runSkew } from "skewproof/skew/node/run-skew";
import { parseTimestamp } from "skewproof/values/timestamp-text";

import { load } from "../../test/bench/load.mjs";

const here = import.meta.dirname;
const command = path.resolve(here, "../../core/bin/skewproof.mjs");
const json = process.argv.includes("--json");
const unknown = process.argv.slice(2).filter((argument) => argument !== "--json");
if (unknown.length > 0) {
  console.error(`${unknown.join(" ")} means nothing here. The only option is --json: \`npm start -- --json\`.`);
  process.exit(2);
}

const controller = new AbortController();
const { signal } = controller;
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => controller.abort(new Error("interrupted")));
const began = performance.now();
const seconds = (since) => Number(((performance.now() - since) / 1000).toFixed(1));

const rows = [];
/** Does one part, says what came of it and how long it took. */
async function step(title, work) {
  signal.throwIfAborted();
  const started = performance.now();
  if (process.stderr.isTTY && !json) process.stderr.write(`  ${title} …\r`);
  const outcome = await work();
  rows.push({ title, outcome, seconds: seconds(started) });
  if (!json) console.log(`✓ ${title.padEnd(42)} ${String(seconds(started)).padStart(6)} s  ${outcome}`);
}

/**
 * The project's folder: this one, or a copy in a temporary folder while another start is at work here. State of an
 * earlier start is removed, but not the Python environment.
 */
function workplace() {
  const state = path.join(here, ".skewproof");
  const lock = path.join(state, "start.lock");
  mkdirSync(state, { recursive: true });
  const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
  if (holder !== 0 && !isAlive(holder)) rmSync(lock, { force: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const root = mkdtempSync(path.join(tmpdir(), "late-flights-"));
    for (const name of ["skewproof.yaml", "definitions", "train.py", "requirements.lock", "shipped"])
      cpSync(path.join(here, name), path.join(root, name), { recursive: true });
    mkdirSync(path.join(root, ".skewproof"));
    mkdirSync(path.join(state, "venvs"), { recursive: true });
    symlinkSync(path.join(state, "venvs"), path.join(root, ".skewproof/venvs"));
    return { root, leave: () => rmSync(root, { recursive: true, force: true }) };
  }
  for (const name of ["online", "log", "runs", "models", "tmp"]) rmSync(path.join(state, name), { recursive: true, force: true });
  return { root: here, leave: () => rmSync(lock, { force: true }) };
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function copyData(root) {
  const from = path.resolve(here, "../../node_modules/vega-datasets/data");
  mkdirSync(path.join(root, "data"), { recursive: true });
  for (const name of ["flights-3m.parquet", "airports.csv"]) {
    const target = path.join(root, "data", name);
    if (existsSync(target)) continue;
    copyFileSync(path.join(from, name), `${target}.${process.pid}`);
    renameSync(`${target}.${process.pid}`, target);
  }
}

/** Every 24th flight by a hash of what it is: the labels of training (until May) and test (June). */
async function writeLabels(root) {
  await using session = await openDuckdb({ root });
  const target = `data/labels.parquet.${process.pid}`;
  await session.run(
    `COPY (SELECT origin, destination, date AS event_timestamp, date AS scheduled_at, CAST(distance AS DOUBLE) AS distance, delay > 15 AS late
     FROM read_parquet('data/flights-3m.parquet')
     WHERE date >= TIMESTAMP '2001-01-29' AND date < TIMESTAMP '2001-07-01'
       AND ('0x' || substr(md5(concat_ws('|', origin, destination, date, delay, distance)), 1, 8))::BIGINT % 24 = 0
     ORDER BY ALL) TO '${target}' (FORMAT parquet)`,
    signal,
  );
  renameSync(path.join(root, target), path.join(root, "data/labels.parquet"));
  const [[all, labels]] = await session.rows(
    "SELECT (SELECT count(*) FROM read_parquet('data/flights-3m.parquet')), (SELECT count(*) FROM read_parquet('data/labels.parquet'))",
  );
  return { rows: Number(all), labels: Number(labels) };
}

/** Flights of 20 busy minutes of June, with what became of them. */
async function replayFlights(root) {
  await using session = await openDuckdb({ root });
  return await session.rows(
    `WITH busy AS (SELECT date AS busy_minute FROM read_parquet('data/flights-3m.parquet')
       WHERE date >= TIMESTAMP '2001-06-02' AND date < TIMESTAMP '2001-06-29' AND extract(minute FROM date) = 0 AND extract(hour FROM date) = CASE WHEN extract(day FROM date) % 2 = 0 THEN 7 ELSE 17 END
       GROUP BY date ORDER BY count(*) DESC, date LIMIT 20)
     SELECT strftime(date, '%Y-%m-%dT%H:%M:%SZ'), origin, destination, CAST(distance AS DOUBLE), delay > 15
     FROM read_parquet('data/flights-3m.parquet') JOIN busy ON date = busy_minute ORDER BY ALL`,
    signal,
  );
}

function startSidecar(root) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, "serve", "--project", root, "--port", "0", "--replay", "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (data) => (errors += data));
    child.once("exit", (status) => reject(new Error(`The sidecar ended with status ${status}: ${errors.trim()}`)));
    createInterface({ input: child.stdout }).once("line", (line) => {
      const { url, token_file } = JSON.parse(line);
      const stop = () =>
        new Promise((done) => {
          if (child.exitCode !== null) return done();
          child.once("exit", done);
          child.kill("SIGTERM");
        });
      resolve({ url, token: readFileSync(token_file, "utf8").trim(), stop });
    });
  });
}

/** Area under the ROC curve by ranks; ties count half. */
function areaUnderCurve(scored) {
  const sorted = [...scored].sort((a, b) => a.score - b.score);
  let [sum, positives] = [0, 0];
  for (let start = 0; start < sorted.length;) {
    let end = start;
    while (end < sorted.length && sorted[end].score === sorted[start].score) end++;
    for (let index = start; index < end; index++)
      if (sorted[index].late) {
        sum += (start + 1 + end) / 2;
        positives++;
      }
    start = end;
  }
  const negatives = sorted.length - positives;
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

async function main(root) {
  const report = {};
  let loaded;
  let sidecar;
  const trained = {};
  await step("Data in place, labels written", async () => {
    copyData(root);
    Object.assign(report, await writeLabels(root));
    return `${report.rows.toLocaleString("en")} flights, ${report.labels.toLocaleString("en")} labels`;
  });
  await step("Definitions checked", async () => {
    loaded = await loadValidProject(root);
    report.features = loaded.project.services.get("late_flight").features.length;
    return `${loaded.project.views.size} views, ${report.features} features`;
  });
  const python = await findPython();
  for (const model of ["late_flight", "late_flight_leaky"])
    await step(`${model} ${python === undefined ? "imported" : "trained"}`, async () => {
      const started = performance.now();
      let built;
      if (python === undefined) {
        const shipped = path.join(root, "shipped", model);
        await registerModelVersion(loaded, {
          model: requireModel(loaded.project, model),
          file: path.join(shipped, "model.onnx"),
        });
        trained[model] = { metrics: JSON.parse(readFileSync(path.join(shipped, "manifest.json"), "utf8")).metrics };
        return "no Python 3.10 or newer was found: the model in shipped/, trained by the run beside it";
      }
      const run = await runPipeline(loaded, {
        pipeline: `train_${model}`,
        signal,
        progress: (message) => {
          if (message.startsWith("Running")) built = seconds(started);
        },
      });
      trained[model] = { metrics: run.metrics, id: run.id };
      report.training_set_seconds ??= built;
      return `training set in ${built} s; AUC in June ${run.metrics.auc.toFixed(4)}${model.endsWith("leaky") ? ", as the leak promises" : ""}`;
    });
  if (python === undefined) {
    const { buildTrainingSet } = await import("skewproof/offline/node/training-set");
    const started = performance.now();
    const { labels } = loaded.project.pipelines.get("train_late_flight").inputs.training;
    await buildTrainingSet(loaded, { service: "late_flight", labels, out: ".skewproof/training.parquet", signal });
    report.training_set_seconds = seconds(started);
  }
  report.auc_known_at = trained.late_flight.metrics.auc;
  report.auc_leaky = trained.late_flight_leaky.metrics.auc;

  const flights = await replayFlights(root);
  const moments = [...new Set(flights.map(([at]) => at))];
  const scored = { late_flight: [], late_flight_leaky: [] };
  report.requests = 0;
  try {
    await step("Online store materialized", async () => {
      const { views } = await materialize(loaded, { until: parseTimestamp(moments[0]), signal });
      return `${views.reduce((sum, view) => sum + view.rows, 0).toLocaleString("en")} rows until ${moments[0]}`;
    });
    await step("Sidecar started", async () => {
      sidecar = await startSidecar(root);
      return sidecar.url;
    });
    const predict = async (model, [at, origin, destination, distance], options = {}) => {
      const reply = await fetch(`${sidecar.url}/v1/models/${model}/predict`, {
        method: "POST",
        headers: { authorization: `Bearer ${sidecar.token}`, "content-type": "application/json" },
        body: JSON.stringify({
          entities: [{ origin, destination }],
          request: [{ scheduled_at: at, distance }],
          options: { at, ...options },
        }),
        signal,
      });
      if (!reply.ok) throw new Error(`The sidecar answered ${reply.status}: ${await reply.text()}`);
      return reply.json();
    };
    await step(`June replayed at ${moments.length} moments`, async () => {
      for (const moment of moments) {
        await materialize(loaded, { until: parseTimestamp(moment), signal });
        await new Promise((resolve) => setTimeout(resolve, 20)); // the sidecar's next event loop turn sees the new rows
        const now = flights.filter(([at]) => at === moment);
        for (const model of Object.keys(scored))
          for (let start = 0; start < now.length; start += 8)
            await Promise.all(
              now.slice(start, start + 8).map(async (flight) => {
                const { predictions } = await predict(model, flight);
                scored[model].push({ score: predictions[0].value, late: flight[4] });
                report.requests++;
              }),
            );
      }
      report.auc_served = areaUnderCurve(scored.late_flight);
      report.auc_leaky_served = areaUnderCurve(scored.late_flight_leaky);
      return `${report.requests.toLocaleString("en")} requests; AUC served ${report.auc_served.toFixed(4)}, leaky model ${report.auc_leaky_served.toFixed(4)}`;
    });
    await step("Latency, 8 connections, 300 requests a second", async () => {
      const last = flights.filter(([at]) => at === moments.at(-1));
      const bodies = last.map(([at, origin, destination, distance]) =>
        JSON.stringify({ entities: [{ origin, destination }], request: [{ scheduled_at: at, distance }], options: { at } }),
      );
      const { p50, p99, statuses } = await load({
        url: sidecar.url,
        path: "/v1/models/late_flight/predict",
        token: sidecar.token,
        bodies,
        rate: 300,
        seconds: 4,
        connections: 8,
      });
      const { 200: answered, ...failed } = statuses;
      if (answered === undefined || Object.keys(failed).length > 0)
        throw new Error(`Requests failed: ${JSON.stringify(failed)}.`);
      report.predict_p50_ms = Number(p50.toFixed(2));
      report.predict_p99_ms = Number(p99.toFixed(2));
      return `p50 ${report.predict_p50_ms} ms, p99 ${report.predict_p99_ms} ms`;
    });
  } finally {
    await sidecar?.stop();
  }
  await step("Served values recomputed", async () => {
    const { compared, equal, different } = await runSkew(loaded, { service: "late_flight", signal });
    report.skew = { compared, equal, different };
    return `${compared.toLocaleString("en")} served rows: ${equal.toLocaleString("en")} equal, ${different} different`;
  });
  await step("Drift after training", async () => {
    report.drift = await driftByWeek(root, loaded, trained.late_flight.id);
    const worst = [...report.drift].sort((a, b) => b.psi - a.psi)[0];
    return `largest PSI ${worst.psi.toFixed(3)} (${worst.feature}, ${worst.period})`;
  });
  report.total_seconds = seconds(began);
  return report;
}

/** PSI of every feature in each week of June against the training set, by its frozen bins. */
async function driftByWeek(root, loaded, run) {
  const folder = run === undefined ? undefined : path.join(root, ".skewproof/runs", run);
  if (folder === undefined) return driftOfLabels(root);
  await using session = await openDuckdb({ root });
  const reference = JSON.parse(readFileSync(path.join(folder, "training.parquet.profile.json"), "utf8"));
  const names = loaded.project.services.get("late_flight").features.map(({ name }) => name);
  const table = `read_parquet('${path.relative(root, path.join(folder, "test.parquet"))}')`;
  const columns = (await session.describe(`SELECT * FROM ${table}`)).filter(({ name }) => names.includes(name));
  const drift = [];
  for (let week = 0; week < 4; week++) {
    const [from, to] = [
      `2001-06-${String(1 + 7 * week).padStart(2, "0")}`,
      week === 3 ? "2001-07-01" : `2001-06-${String(8 + 7 * week).padStart(2, "0")}`,
    ];
    const relation = `(SELECT * FROM ${table} WHERE event_timestamp >= TIMESTAMP '${from}' AND event_timestamp < TIMESTAMP '${to}')`;
    const { features } = driftReport(reference, await profileRelation(session, relation, columns, reference, signal));
    for (const { feature, statistics, verdict } of features) {
      const value = (id) => statistics.find((one) => one.id === id)?.value ?? null;
      drift.push({ feature, period: from, psi: value("psi.v1"), jensen_shannon: value("jensen-shannon.v1"), verdict });
    }
  }
  return drift;
}

/** Without a run there is no test set: the labels' own distance tells of the schedule alone. */
async function driftOfLabels(root) {
  await using session = await openDuckdb({ root });
  const columns = [
    { name: "distance", type: { kind: "float64" } },
    { name: "late", type: { kind: "bool" } },
  ];
  const part = (condition) =>
    `(SELECT distance, late FROM read_parquet('data/labels.parquet') WHERE event_timestamp ${condition} TIMESTAMP '2001-06-01')`;
  const reference = await profileRelation(session, part("<"), columns, undefined, signal);
  const { features } = driftReport(reference, await profileRelation(session, part(">="), columns, reference, signal));
  return features.map(({ feature, statistics, verdict }) => ({
    feature,
    period: "2001-06-01",
    psi: statistics[0].value,
    jensen_shannon: statistics[1].value,
    verdict,
  }));
}

const { root, leave } = workplace();
process.chdir(root);
try {
  if (!json) console.log("Late flights: three million US flights, January to June 2001.\n");
  const report = await main(root);
  if (json) console.log(JSON.stringify(report));
  else {
    console.log(
      [
        "",
        `The leak: counting delays nobody could know yet promises AUC ${report.auc_leaky.toFixed(4)}; the honest features give ${report.auc_known_at.toFixed(4)}.`,
        `Served on June's busy minutes, the leaky model reaches ${report.auc_leaky_served.toFixed(4)} and the honest one ${report.auc_served.toFixed(4)}.`,
        `Everything took ${report.total_seconds} s.`,
        "",
        "Next, in samples/late-flights:",
        "  npx skewproof show origin_traffic.origin_late_share_1h",
        "  npx skewproof skew --service late_flight",
        "  npx skewproof runs replay RUN      (RUN from `npx skewproof runs list`)",
        "  npx skewproof serve --replay",
        "  npx skewproof engine               (prints the address of the workbench page)",
      ].join("\n"),
    );
    // The page needs the engine, which stays until it was idle for half an hour: only where someone can open it.
    if (process.stdout.isTTY && root === here)
      console.log(`\nThe workbench: ${pageAddress(await ensureEngine(root, [process.execPath, command]))}`);
  }
} catch (error) {
  if (signal.aborted) console.error("Interrupted; nothing is left running.");
  else console.error(isSkewproofError(error) ? error.message : error);
  process.exitCode = signal.aborted ? 130 : 3;
} finally {
  process.chdir(here);
  leave();
}
