// Windows of one key at arbitrary moments, read from parts in memory. Run after `npm run build`:
//   node test/bench/windows.mjs [EVENTS OF THE HOT KEY]
// Prints one line of JSON a figure. Every answer of the small key is compared with folds of its raw events first.
import assert from "node:assert/strict";

import { bindAggregate } from "../../core/dist/expressions/bind.js";
import { aggregateToJavascript } from "../../core/dist/expressions/aggregate-to-javascript.js";
import { onlineView } from "../../core/dist/online/online-view.js";
import { readView } from "../../core/dist/online/read-view.js";
import { writeKey } from "../../core/dist/online/write-key.js";

const hotEvents = Number(process.argv[2] ?? 3_000_000);
const hour = 3_600_000_000n;
const windows = { "1h": hour, "1d": 24n * hour, "30d": 720n * hour };
const month = 720n * hour;
const texts = ["count(*)", "sum(amount)", "avg(amount)", "max(amount)", "stddev(amount)"];

const view = {
  kind: "feature_view",
  name: "spending",
  keys: [{ key: "user", column: "user", type: { kind: "int64" } }],
  source: { location: { path: "events.parquet" }, eventTime: "at" },
  shape: "window",
  features: texts.flatMap((text) =>
    Object.entries(windows).map(([name, window]) => {
      const { aggregate: tree, problems } = bindAggregate(text, [{ name: "amount", type: { kind: "float64" } }]);
      if (tree === undefined) throw new Error(problems.map(({ message }) => message).join(" "));
      return { kind: "window", name: `${text} ${name}`, type: tree.type, window, aggregate: tree };
    }),
  ),
};
const online = onlineView(view);

let state = 7;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const start = 1_700_000_000_000_000n;
const end = start + month;

/** Rows of `count` events spread over 30 days, in pieces. */
function* rowsOf(count) {
  const step = Number(month) / count;
  for (let first = 0; first < count; first += 100_000)
    yield Array.from({ length: Math.min(100_000, count - first) }, (_, index) => {
      const at = start + BigInt(Math.floor((first + index + random()) * step));
      return [at, at, at, Math.round(random() * 20000) / 100];
    });
}

function run(work, parts, counts) {
  let step = work.next();
  while (!step.done) {
    if (counts !== undefined) {
      counts.rounds++;
      counts.parts += step.value.length;
    }
    step = work.next(step.value.map((name) => parts.get(name)));
  }
  return step.value;
}

function write(parts, rows, until) {
  const changes = run(writeKey(online, rows, { keepUntil: "all", until }), parts);
  for (const { part, value } of changes)
    if (value === undefined) parts.delete(part);
    else parts.set(part, value);
  return changes;
}

const quantile = (values, q) => values[Math.floor(q * (values.length - 1))];

function measure(name, count, check) {
  const parts = new Map();
  const all = [];
  const began = performance.now();
  for (const rows of rowsOf(count)) {
    write(parts, rows, end);
    if (check) all.push(...rows);
  }
  const written = performance.now() - began;
  const moment = () => end - BigInt(Math.floor(random() * Number(12n * hour)));
  if (check)
    for (let round = 0; round < 200; round++) {
      const t = moment();
      const found = run(readView(online, { user: 1n }, t), parts);
      for (const [index, { aggregate, window }] of view.features.entries()) {
        const inside = all.filter(([at]) => at < t && at >= t - window).map((row) => row[3]);
        const expected = aggregateToJavascript(aggregate)(inside);
        const { value } = found[index];
        assert.ok(
          value === expected || Math.abs(value - expected) <= 1e-9 * 2e2 * inside.length,
          `${texts[index]}: ${value}, ${expected}`,
        );
      }
    }
  const reads = 4000;
  for (let round = 0; round < reads; round++) run(readView(online, { user: 1n }, moment()), parts);
  const counts = { rounds: 0, parts: 0 };
  const times = [];
  for (let round = 0; round < reads; round++) {
    const t = moment();
    const from = performance.now();
    run(readView(online, { user: 1n }, t), parts, counts);
    times.push((performance.now() - from) * 1000);
  }
  times.sort((a, b) => a - b);
  let bytes = 0;
  for (const value of parts.values()) bytes += value.length;
  const appends = [];
  let touched = 0;
  for (let round = 0; round < 300; round++) {
    const at = end + BigInt(round) * 86_400n;
    const from = performance.now();
    touched += write(parts, [[at, at, at, 1.5]], at).length;
    appends.push((performance.now() - from) * 1000);
  }
  appends.sort((a, b) => a - b);
  console.log(
    JSON.stringify({
      name: `3 windows × 5 aggregates, key of ${count} events`,
      goal: "p50 40 µs over memory",
      p50Microseconds: Number(quantile(times, 0.5).toFixed(1)),
      p99Microseconds: Number(quantile(times, 0.99).toFixed(1)),
      partsRead: Number((counts.parts / reads).toFixed(1)),
      rounds: Number((counts.rounds / reads).toFixed(1)),
      bytesPerEvent: Number((bytes / count).toFixed(1)),
      bytes,
      parts: parts.size,
      rowsWrittenPerSecond: Math.round((count / written) * 1000),
      appendMicroseconds: Number(quantile(appends, 0.5).toFixed(1)),
      partsWrittenPerAppend: Number((touched / appends.length).toFixed(1)),
    }),
  );
}

measure("small", 100, true);
measure("small", 1000, true);
measure("hot", hotEvents, false);
