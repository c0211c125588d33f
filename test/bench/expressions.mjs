// A service of 30 on-demand features, compiled, against the same 30 written by hand. Run after `npm run build`:
//   node test/bench/expressions.mjs
// Prints one line of JSON. The two give the same values for every row, which is checked first.
import assert from "node:assert/strict";

import { bindExpression } from "../../core/dist/expressions/bind.js";
import { compileRow } from "../../core/dist/expressions/compile-row.js";

const columns = [
  ["departures_1h", "int64"],
  ["departures_1d", "int64"],
  ["late_1d", "int64"],
  ["delay_mean_1d", "float64"],
  ["delay_max_1d", "float64"],
  ["delay_mean_7d", "float64"],
  ["distance", "float64"],
  ["scheduled_at", "timestamp"],
  ["origin", "string"],
  ["destination", "string"],
  ["is_hub", "bool"],
  ["seats", "int64"],
  ["booked", "int64"],
  ["temperature", "float64"],
  ["wind", "float64"],
].map(([name, kind]) => ({ name, type: { kind } }));

const texts = [
  "extract(hour from scheduled_at)",
  "extract(dow from scheduled_at)",
  "extract(month from scheduled_at)",
  "extract(hour from scheduled_at) between 7 and 9",
  "extract(dow from scheduled_at) in (0, 6)",
  "departures_1h / nullif(departures_1d, 0)",
  "late_1d / nullif(departures_1d, 0)",
  "departures_1h * 24 > departures_1d",
  "delay_mean_1d - delay_mean_7d",
  "delay_mean_1d > 1.5 * delay_mean_7d",
  "coalesce(delay_mean_1d, delay_mean_7d, 0.0)",
  "greatest(delay_mean_1d, delay_mean_7d)",
  "least(delay_max_1d, 180.0)",
  "ln(distance + 1)",
  "sqrt(distance)",
  "distance * distance / 1000",
  "case when distance < 500 then 0 when distance < 1500 then 1 else 2 end",
  "round(distance / 100)",
  "distance > 1000 and not is_hub",
  "is_hub or departures_1d > 200",
  "booked / nullif(seats, 0)",
  "seats - booked",
  "case when booked > seats then 1 else 0 end",
  "abs(temperature - 15.0)",
  "temperature < 0.0 and wind > 10.0",
  "wind * wind * 0.5",
  "origin || '-' || destination",
  "starts_with(origin, 'S')",
  "origin = destination",
  "delay_mean_1d is null",
];

/** What a careful person would write for these features, in the same representation of values. */
function byHand(input, output) {
  const [hourly, daily, late, mean1, max1, mean7, distance, at, origin, destination, hub, seats, booked, temperature, wind] =
    input;
  const finite = (x) => (Number.isFinite(x) ? x : null);
  // Every moment here is after 1970.
  const seconds = at === null ? 0 : Number(at / 1000000n);
  const days = Math.floor(seconds / 86400);
  const hour = at === null ? null : Math.floor((seconds - days * 86400) / 3600);
  const dow = at === null ? null : (days + 4) % 7;
  output[0] = hour === null ? null : BigInt(hour);
  output[1] = dow === null ? null : BigInt(dow);
  output[2] = at === null ? null : BigInt(new Date(seconds * 1000).getUTCMonth() + 1);
  output[3] = hour === null ? null : hour >= 7 && hour <= 9;
  output[4] = dow === null ? null : dow === 0 || dow === 6;
  const per = (a, b) => (a === null || b === null || b === 0n ? null : Number(a) / Number(b));
  output[5] = per(hourly, daily);
  output[6] = per(late, daily);
  output[7] = hourly === null || daily === null ? null : hourly * 24n > daily;
  output[8] = mean1 === null || mean7 === null ? null : finite(mean1 - mean7);
  output[9] = mean1 === null || mean7 === null ? null : mean1 > 1.5 * mean7;
  output[10] = mean1 ?? mean7 ?? 0;
  output[11] = mean1 === null ? mean7 : mean7 === null ? mean1 : Math.max(mean1, mean7);
  output[12] = max1 === null ? 180 : Math.min(max1, 180);
  output[13] = distance === null || distance <= -1 ? null : Math.log(distance + 1);
  output[14] = distance === null || distance < 0 ? null : Math.sqrt(distance);
  output[15] = distance === null ? null : finite((distance * distance) / 1000);
  output[16] = distance !== null && distance < 500 ? 0n : distance !== null && distance < 1500 ? 1n : 2n;
  const hundreds = distance === null ? null : distance / 100;
  output[17] = hundreds === null ? null : Math.sign(hundreds) * Math.floor(Math.abs(hundreds) + 0.5);
  const far = distance === null ? null : distance > 1000;
  output[18] = far === false || hub === true ? false : far === null || hub === null ? null : true;
  const busy = daily === null ? null : daily > 200n;
  output[19] = hub === true || busy === true ? true : hub === null || busy === null ? null : false;
  output[20] = per(booked, seats);
  output[21] = seats === null || booked === null ? null : seats - booked;
  output[22] = booked !== null && seats !== null && booked > seats ? 1n : 0n;
  output[23] = temperature === null ? null : Math.abs(temperature - 15);
  const cold = temperature === null ? null : temperature < 0;
  const windy = wind === null ? null : wind > 10;
  output[24] = cold === false || windy === false ? false : cold === null || windy === null ? null : true;
  output[25] = wind === null ? null : finite(wind * wind * 0.5);
  output[26] = origin === null || destination === null ? null : `${origin}-${destination}`;
  output[27] = origin === null ? null : origin.startsWith("S");
  output[28] = origin === null || destination === null ? null : origin === destination;
  output[29] = mean1 === null;
}

const trees = texts.map((text) => {
  const { tree, problems } = bindExpression(text, columns);
  if (tree === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
  return tree;
});

let state = 7;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const airports = ["SFO", "JFK", "ORD", "SEA", "LAX", "ATL"];
const row = () =>
  columns.map(({ type: { kind } }) => {
    if (random() < 0.05) return null;
    if (kind === "int64") return BigInt(Math.floor(random() * 300));
    if (kind === "float64") return Math.round(random() * 200000) / 100;
    if (kind === "timestamp") return 1600000000000000n + BigInt(Math.floor(random() * 1e14));
    return kind === "string" ? airports[Math.floor(random() * airports.length)] : random() < 0.3;
  });
const rows = Array.from({ length: 1000 }, row);

const names = columns.map(({ name }) => name);
const generated = compileRow(trees, names);
const closures = compileRow(trees, names, { generate: false });
for (const input of rows) {
  const [expected, actual, slow] = [[], [], []];
  byHand(input, expected);
  generated(input, actual);
  closures(input, slow);
  assert.deepEqual(actual, expected);
  assert.deepEqual(slow, expected);
}

/** Microseconds a row, the best of some rounds. */
function measure(compute) {
  const output = new Array(texts.length).fill(null);
  let best = Infinity;
  for (let round = 0; round < 12; round++) {
    const started = performance.now();
    for (let repeat = 0; repeat < 50; repeat++) for (const input of rows) compute(input, output);
    best = Math.min(best, ((performance.now() - started) * 1000) / (50 * rows.length));
  }
  return best;
}

const [microsecondsPerRow, lowerBoundMicroseconds, closuresMicroseconds] = [generated, byHand, closures].map(measure);
console.log(
  JSON.stringify({
    name: "on-demand features, 30 of one service",
    rowsPerSecond: Math.round(1e6 / microsecondsPerRow),
    microsecondsPerRow: Number(microsecondsPerRow.toFixed(3)),
    lowerBoundMicroseconds: Number(lowerBoundMicroseconds.toFixed(3)),
    ratio: Number((microsecondsPerRow / lowerBoundMicroseconds).toFixed(2)),
    closuresMicroseconds: Number(closuresMicroseconds.toFixed(3)),
  }),
);
