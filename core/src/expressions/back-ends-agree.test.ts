import { describe, expect, it } from "vitest";

import { openDuckdb } from "../offline/node/duckdb-session.js";
import { identifier } from "../offline/sql.js";
import { closeValues } from "../values/close-values.js";
import type { Value } from "../values/value.js";
import { aggregateToJavascript } from "./aggregate-to-javascript.js";
import { bindAggregate } from "./bind.js";
import { hostileColumns, hostileRow } from "./testing/hostile-rows.js";
import { hostileTable, proveBackEndsEqual } from "./testing/prove.js";
import { showValue } from "./testing/show-value.js";
import { randomSource } from "./testing/random-source.js";
import { aggregateToDuckdb, featureToDuckdb } from "./to-duckdb.js";
import { expressionToJavascript, featureValue } from "./to-javascript.js";
import type { TypedAggregate } from "./typed-tree.js";

const seed = Number(process.env["SKEWPROOF_SEED"] ?? Date.now() % 1_000_000_000);

describe(`DuckDB and JavaScript, seed ${seed}`, () => {
  it("agree on random expressions over hostile rows", async () => {
    expect(await proveBackEndsEqual({ seed, expressions: 600, rows: 25 })).toBe(600);
  });

  it("agree on aggregates over hostile rows, floating sums within 1e-9 of the sum of absolute terms", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const random = randomSource(seed);
    const rows = Array.from({ length: 400 }, () => hostileRow(random));
    const scalar = hostileColumns.filter(({ type }) => type.kind !== "list");
    const texts = [
      "count(*)",
      "sum(i % 1000)",
      "variance(i % 1000)",
      "stddev(d)",
      "avg(case when i > 15 then 1.0 else 0.0 end)",
      "stddev(case when b then 1e160 else f end)",
      ...scalar.flatMap(({ name }) =>
        ["count", "count_distinct", "approx_count_distinct", "min", "max", "first", "last"].map((one) => `${one}(${name})`),
      ),
      ...scalar.flatMap(({ name }) => [`first_n(${name}, 3)`, `last_n(${name}, 2)`, `top_k(${name}, 3)`]),
      ...scalar.flatMap(({ name }) => [0, 0.1, 0.5, 0.9, 1].map((p) => `approx_percentile(${name}, ${p})`)),
      ...["i", "f", "d", "e", "w"].flatMap((name) => ["sum", "avg", "variance", "stddev"].map((one) => `${one}(${name})`)),
    ];
    const bound = texts.map((text) => ({ text, aggregate: aggregateOf(text) }));
    const group = (n: number): number => Math.floor(Math.sqrt(n));
    const filter = "_n % 5 <> 0";
    const sql = bound.map(({ aggregate }) =>
      featureToDuckdb(aggregate.type, aggregateToDuckdb(aggregate, identifier, "_n", filter)),
    );
    const results = await session.rows(
      `SELECT ${sql.join(", ")} FROM (${hostileTable(rows)}) GROUP BY floor(sqrt(_n)) ORDER BY floor(sqrt(_n))`,
    );
    expect(results.length).toBe(group(rows.length - 1) + 1);
    for (const [k, { text, aggregate }] of bound.entries()) {
      const { operand } = aggregate;
      const evaluate = operand === undefined ? () => 1n : expressionToJavascript(operand);
      const fold = aggregateToJavascript(aggregate);
      for (const [index, result] of results.entries()) {
        const operands = rows
          .filter((_, n) => group(n) === index && n % 5 !== 0)
          .map((row) =>
            featureValue(
              evaluate(Object.fromEntries(hostileColumns.map(({ name }, at) => [name, featureValue(row[at] ?? null)]))),
            ),
          );
        const [a, b] = [result[k] ?? null, fold(operands)];
        if (!near(a, b, aggregate, operands))
          throw new Error(`${text} of group ${index}: DuckDB ${showValue(a)}, JavaScript ${showValue(b)}`);
      }
    }
  });
});

function aggregateOf(text: string): TypedAggregate {
  const { aggregate, problems } = bindAggregate(text, hostileColumns);
  if (aggregate === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
  return aggregate;
}

/** Contracts §3.7: exact, but floating sums, means and variances within 1e-9 of the sum of absolute terms. */
function near(a: Value, b: Value, { function: name, operand }: TypedAggregate, operands: readonly Value[]): boolean {
  if (closeValues(a, b, 0)) return true;
  if (typeof a !== "number" || typeof b !== "number" || !["sum", "avg", "variance", "stddev"].includes(name)) return false;
  const unit = operand?.type.kind === "decimal" ? 10 ** operand.type.scale : 1;
  const terms = operands.filter((x) => x !== null).map((x) => Math.abs(Number(x) / unit));
  const sum = terms.reduce((total, x) => total + x, 0);
  const squares = terms.reduce((total, x) => total + x * x, 0);
  if (name === "stddev") return Math.abs(a * a - b * b) <= 1e-9 * squares;
  return Math.abs(a - b) <= 1e-9 * (name === "variance" ? squares : sum);
}

describe("no query fails", () => {
  const greatest = "99999999999999999999999999999999999999";

  it("on sums beyond 38 digits, which are null, nor on those that only pass beyond them", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const of = async (text: string, values: readonly string[], precision = 38, scale = 0): Promise<Value> => {
      const columns = [{ name: "x", type: { kind: "decimal", precision, scale } }] as const;
      const { aggregate } = bindAggregate(text, columns);
      if (aggregate === undefined) throw new Error(text);
      const table = values.map((value, n) => `(${n}, CAST('${value}' AS DECIMAL(${precision}, ${scale})))`).join(", ");
      const [[duckdb = null] = []] = await session.rows(
        `SELECT ${aggregateToDuckdb(aggregate, identifier, "n")} FROM (VALUES ${table}) AS t(n, x)`,
      );
      const digits = values.map((value) => BigInt(value.replace(".", "")));
      const javascript = aggregateToJavascript(aggregate)(digits);
      expect(
        closeValues(duckdb, javascript, text.startsWith("sum") ? 0 : 16),
        `${text}: ${showValue(duckdb)}, ${showValue(javascript)}`,
      ).toBe(true);
      return duckdb;
    };
    expect(await of("sum(x)", [greatest, greatest])).toBe(null);
    expect(await of("sum(x)", [greatest, greatest, `-${greatest}`])).toBe(BigInt(greatest));
    expect(await of("sum(x)", [greatest, "1"])).toBe(null);
    expect(await of("sum(x)", ["0.99", "0.02"], 38, 2)).toBe(101n);
    expect(await of("sum(x)", [`0.${greatest}`, `-0.${greatest}`], 38, 38)).toBe(0n);
    expect(await of("avg(x)", [greatest, greatest, greatest])).toBe(1e38);
    expect(await of("variance(x)", [greatest, `-${greatest}`])).toBeGreaterThan(1e76);
  });
});
