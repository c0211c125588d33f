import { writeFileSync } from "node:fs";
import path from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { skewproof, temporaryFolder, type Outcome } from "./command-line.js";

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(
    path.join(folder, "rows.ndjson"),
    [
      { i: 1, big: "9007199254740993", price: 1.25, name: "é𝒜", at: "2021-03-14 07:00:00", vector: [1, 0], tags: [] },
      { i: 7, big: "-9223372036854775808", price: 0.1, name: "", at: "0001-01-01 00:00:00", vector: [0, 0], tags: [null] },
      { i: null, big: null, price: null, name: null, at: null, vector: null, tags: null },
    ]
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
});
const evaluate = (expression: string, ...more: string[]): Outcome =>
  skewproof(folder, ["eval", expression, "--rows", "rows.ndjson", ...more]);
const json = (expression: string, ...more: string[]): unknown => JSON.parse(evaluate(expression, "--json", ...more).stdout);
const both = (...values: unknown[]): unknown[] => values.map((value) => ({ duckdb: value, javascript: value }));

describe("eval", () => {
  it.each([
    ["cast(big as int64)", "int64", ["9007199254740993", "-9223372036854775808", null]],
    ["(-i) // 2", "int64", [0, -3, null]],
    ["cast(price as decimal(9,2)) * i", "decimal(28,2)", ["1.25", "0.70", null]],
    ["cast(at as timestamp) + 1h", "timestamp", ["2021-03-14T08:00:00Z", "0001-01-01T01:00:00Z", null]],
    ["cast(cast(at as timestamp) as date)", "date", ["2021-03-14", "0001-01-01", null]],
    ["at_zone(cast(at as timestamp), 'America/New_York')", "timestamp", ["2021-03-14T03:00:00Z", "0000-12-31T19:03:58Z", null]],
    ["name || '!'", "string", ["é𝒜!", "!", null]],
    ["cosine_similarity(vector, [1, 1])", "float64", [1 / Math.SQRT2, null, null]],
    ["len(vector)", "int64", [2, 2, null]],
    [
      "[i, null]",
      "list<int64>",
      [
        [1, null],
        [7, null],
        [null, null],
      ],
    ],
    ["price / 0", "float64", [null, null, null]],
    ["exp(i * 1000)", "float64", [null, null, null]],
  ])("%s", (expression, type, values) => {
    expect(json(expression)).toEqual({ type, agree: true, rows: both(...values) });
  });

  it("gives only the backends that were asked for", () => {
    expect(json("i + 1", "--backend", "javascript")).toEqual({
      type: "int64",
      agree: true,
      rows: [{ javascript: 2 }, { javascript: 8 }, { javascript: null }],
    });
    expect(evaluate("i + 1", "--backend", "duckdb").stdout).toBe(
      "int64\n\nrow  duckdb\n───  ──────\n  1  2\n  2  8\n  3  null\n",
    );
  });

  it("marks every mistake", () => {
    const outcome = evaluate("i + * nmae");
    expect(outcome).toMatchObject({ status: 1, stdout: "" });
    expect(outcome.stderr).toBe(
      [
        "i + * nmae",
        "    ^",
        "A value, a column or a function was expected here, not `*`.",
        "i + * nmae",
        "      ^^^^",
        "There is no column nmae. Did you mean name? Columns: i, big, price, name, at, vector, tags.",
        "",
      ].join("\n"),
    );
  });

  it("says what is wrong with its own words", () => {
    const spark = evaluate("i", "--backend", "duckdb,javascrpt");
    expect(spark.status).toBe(2);
    expect(spark.stderr).toBe("There is no backend javascrpt. Did you mean javascript? Backends: duckdb, javascript.\n");
    const missing = skewproof(folder, ["eval", "i", "--rows", "nowhere.parquet"]);
    expect(missing.status).toBe(3);
    expect(missing.stderr).toMatch(/nowhere\.parquet/);
    const ending = skewproof(folder, ["eval", "i", "--rows", "rows.txt"]);
    expect(ending.status).toBe(2);
    expect(ending.stderr).toMatch(/Files end with \.parquet/);
    expect(skewproof(folder, ["eval", "i"]).status).toBe(2);
  });
});
