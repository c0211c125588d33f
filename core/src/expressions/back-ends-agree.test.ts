import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { openDuckdb } from "../offline/node/duckdb-session.js";
import { toDuckdbType } from "../offline/duckdb-type.js";
import { identifier } from "../offline/sql.js";
import { aggregateToJavascript } from "./aggregate-to-javascript.js";
import { compareValues } from "../values/compare-values.js";
import { printTimestamp } from "../values/timestamp-text.js";
import type { Row, Value } from "../values/value.js";
import type { Column } from "../values/value-type.js";
import { bindAggregate, bindExpression } from "./bind.js";
import { aggregateToDuckdb, expressionToDuckdb, literalToDuckdb } from "./to-duckdb.js";
import { expressionToJavascript, featureValue } from "./to-javascript.js";

const columns: readonly Column[] = [
  { name: "b", type: { kind: "bool" } },
  { name: "i", type: { kind: "int64" } },
  { name: "j", type: { kind: "int64" } },
  { name: "f", type: { kind: "float64" } },
  { name: "g", type: { kind: "float64" } },
  { name: "d", type: { kind: "decimal", precision: 12, scale: 2 } },
  { name: "s", type: { kind: "string" } },
  { name: "u", type: { kind: "string" } },
  { name: "t", type: { kind: "timestamp" } },
  { name: "v", type: { kind: "timestamp" } },
  { name: "day", type: { kind: "date" } },
];

const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null, freq: 6 });
const int64 = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 53n + 1n, -(2n ** 62n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const float64 = fc.oneof(
  fc.constantFrom(0, -0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 1e15, 9.3e18, -9.3e18, 1e-7, 1e300, 5e-324),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }),
);
const text = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    " a ",
    "ab",
    "abc",
    "AbC",
    "1",
    "-12",
    "1.50",
    "1e3",
    "true",
    "2001-02-03",
    "2001-02-03 04:05:06",
    "𝒜b",
    "é",
    "a%b_",
    "ß",
  ),
  fc.string({ unit: fc.constantFrom("a", "b", "B", " ", "_", "%", "é", "𝒜", "1", ".", "-"), maxLength: 6 }),
);
const timestamp = fc.oneof(
  fc.constantFrom(
    -62_135_596_800_000_000n,
    253_402_300_799_999_999n,
    0n,
    -1n,
    951_782_400_000_000n,
    1_709_164_800_000_000n,
    983_318_400_000_001n,
  ),
  fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }),
);
const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  b: orNull(fc.boolean()),
  i: orNull(int64),
  j: orNull(int64),
  f: orNull(float64),
  g: orNull(float64),
  d: orNull(fc.bigInt({ min: -999_999n, max: 999_999n })),
  s: orNull(text),
  u: orNull(text),
  t: orNull(timestamp),
  v: orNull(timestamp),
  day: orNull(fc.integer({ min: -719_162, max: 2_932_896 })),
});

/** Typed random expressions, as text: what users write goes through parser and type checker too. */
const grammar = fc.letrec<Record<"bool" | "int" | "float" | "dec" | "str" | "time" | "date", string>>((tie) => {
  const form = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
    fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part))).map((texts) => texts.join(""));
  const of = (depth: string, leaves: fc.Arbitrary<string>, ...others: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.oneof({ depthIdentifier: depth, maxDepth: 4, withCrossShrink: true }, leaves, ...others);
  const { bool, int, float, dec, str, time, date } = {
    bool: tie("bool"),
    int: tie("int"),
    float: tie("float"),
    dec: tie("dec"),
    str: tie("str"),
    time: tie("time"),
    date: tie("date"),
  };
  const operator = (...names: string[]): fc.Arbitrary<string> => fc.constantFrom(...names.map((name) => ` ${name} `));
  const comparison = operator("=", "<>", "<", "<=", ">", ">=");
  const unit = fc.constantFrom("year", "quarter", "month", "week", "day", "hour", "minute", "second");
  const part = fc.constantFrom("year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "doy");
  const conditional = (value: fc.Arbitrary<string>): fc.Arbitrary<string>[] => [
    form("case when ", bool, " then ", value, " else ", value, " end"),
    form("coalesce(", value, ", ", value, ")"),
    form("least(", value, ", ", value, ")"),
    form("greatest(", value, ", ", value, ")"),
    form("nullif(", value, ", ", value, ")"),
  ];
  return {
    bool: of(
      "e",
      fc.constantFrom("b", "true", "false"),
      ...[int, float, str, time, dec, date].map((value) => form("(", value, comparison, value, ")")),
      form("(", bool, operator("and", "or"), bool, ")"),
      form("(not ", bool, ")"),
      form("(", fc.oneof(int, str, float), fc.constantFrom(" is null", " is not null"), ")"),
      form("(", int, " in (", int, ", ", int, "))"),
      form("(", float, " between ", float, " and ", int, ")"),
      form("(", str, " like ", fc.constantFrom("'a%'", "'_b%'", "'%é%'", "u"), ")"),
      form(fc.constantFrom("contains", "starts_with", "ends_with"), "(", str, ", ", str, ")"),
      form("cast(", str, " as bool)"),
    ),
    int: of(
      "e",
      fc.constantFrom("i", "j", "0", "1", "-7", "3", "9223372036854775807"),
      form("(", int, operator("+", "-", "*", "//", "%"), int, ")"),
      form("(- ", int, ")"),
      form(fc.constantFrom("abs", "sign", "round"), "(", int, ")"),
      form("sign(", float, ")"),
      form("length(", str, ")"),
      form("extract(", part, " from ", time, ")"),
      form("date_diff('", unit, "', ", time, ", ", time, ")"),
      form("hash_bucket(", str, ", ", int, ")"),
      form("cast(", fc.oneof(float, str, bool, dec), " as int64)"),
      ...conditional(int),
    ),
    float: of(
      "e",
      fc.constantFrom("f", "g", "0.5", "-2.5", "1e3"),
      form("(", fc.oneof(float, int), operator("+", "-", "*", "%"), float, ")"),
      form("(", fc.oneof(float, int, dec), " / ", fc.oneof(float, int), ")"),
      form(fc.constantFrom("abs", "round", "floor", "ceil", "sqrt"), "(", float, ")"),
      form("extract(epoch from ", time, ")"),
      form("cast(", fc.oneof(str, int), " as float64)"),
      ...conditional(float),
    ),
    dec: of(
      "e",
      fc.constantFrom("d", "decimal '1.20'", "decimal '-7'"),
      form("(", dec, operator("+", "-", "*"), fc.constantFrom("d", "decimal '0.05'"), ")"),
      form("cast(", fc.oneof(int, str), " as decimal(9,3))"),
      form("abs(", dec, ")"),
    ),
    str: of(
      "e",
      fc.constantFrom("s", "u", "'x'", "''", "'é'"),
      form("(", str, " || ", str, ")"),
      form(fc.constantFrom("lower", "upper", "trim"), "(", str, ")"),
      form("substr(", str, ", ", int, ", ", int, ")"),
      form("replace(", str, ", ", fc.constantFrom("'a'", "''", "u"), ", ", str, ")"),
      form("concat(", str, ", ", str, ", 'z')"),
      form("cast(", fc.oneof(int, bool, dec, date, time), " as string)"),
      form("cast(", fc.constantFrom("f", "g", "0.5"), " as string)"),
      ...conditional(str),
    ),
    time: of(
      "e",
      fc.constantFrom("t", "v", "timestamp '2000-02-29 12:00:00'"),
      form(
        "(",
        time,
        operator("+", "-"),
        fc.constantFrom("7d", "1h", "interval 1 month", "interval 3 year", "interval 90 second"),
        ")",
      ),
      form("date_trunc('", unit, "', ", time, ")"),
      form("cast(", fc.oneof(date, str), " as timestamp)"),
      ...conditional(time),
    ),
    date: of("e", fc.constantFrom("day", "date '2004-02-29'"), form("cast(", fc.oneof(time, str), " as date)")),
  };
});

const anyExpression = fc.oneof(grammar.bool, grammar.int, grammar.float, grammar.dec, grammar.str, grammar.time, grammar.date);

const table = (rows: readonly Row[]): string => {
  const line = (row: Row, index: number): string =>
    `(${index}, ${columns.map(({ name, type }) => `${literalToDuckdb(row[name] ?? null, type)}::${toDuckdbType(type)}`).join(", ")})`;
  return `(VALUES ${rows.map(line).join(", ")}) AS r(n, ${columns.map(({ name }) => identifier(name)).join(", ")})`;
};
const same = (a: Value, b: Value): boolean => (a === 0 && b === 0) || compareValues(a, b) === 0;
const show = (value: Value): string => (typeof value === "bigint" ? `${value}n` : JSON.stringify(value));

describe("back-ends", () => {
  it("DuckDB and JavaScript agree on typed random expressions over hostile rows", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyExpression, { minLength: 10, maxLength: 30 }),
        fc.array(rowArbitrary, { minLength: 1, maxLength: 20 }),
        async (texts, rows) => {
          const bound = texts.map((text) => {
            const { tree, problems } = bindExpression(text, columns);
            if (tree === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
            return { text, tree, evaluate: expressionToJavascript(tree) };
          });
          const sql = bound.map(({ tree }) => expressionToDuckdb(tree, identifier)).join(", ");
          const results = await session.rows(`SELECT ${sql} FROM ${table(rows)} ORDER BY n`);
          for (const [index, row] of rows.entries())
            for (const [k, { text, evaluate }] of bound.entries()) {
              const [duckdb = null, javascript] = [results[index]?.[k], evaluate(row)];
              if (!same(duckdb, javascript))
                throw new Error(
                  `${text}\nDuckDB ${show(duckdb)}, JavaScript ${show(javascript)}\nrow ${columns.map(({ name }) => `${name}=${show(row[name] ?? null)}`).join(" ")}`,
                );
            }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("transcendental functions agree within 4 ulp and give null out of their domain", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const texts = ["ln(f)", "log10(f)", "exp(f / 100)", "pow(abs(f), 0.3)", "pow(f, g)", "sqrt(f)"];
    await fc.assert(
      fc.asyncProperty(fc.array(rowArbitrary, { minLength: 30, maxLength: 60 }), async (rows) => {
        const trees = texts.map((text) => bindExpression(text, columns).tree).filter((tree) => tree !== undefined);
        expect(trees).toHaveLength(texts.length);
        const results = await session.rows(
          `SELECT ${trees.map((tree) => expressionToDuckdb(tree, identifier)).join(", ")} FROM ${table(rows)} ORDER BY n`,
        );
        for (const [index, row] of rows.entries())
          for (const [k, tree] of trees.entries()) {
            const [a = null, b] = [results[index]?.[k], expressionToJavascript(tree)(row)];
            const close =
              typeof a === "number" &&
              typeof b === "number" &&
              Math.abs(a - b) <= 4 * Number.EPSILON * Math.max(Math.abs(a), Math.abs(b));
            if (!close && !same(a, b))
              throw new Error(
                `${texts[k] ?? ""} f=${show(row["f"] ?? null)} g=${show(row["g"] ?? null)}: DuckDB ${show(a)}, JavaScript ${show(b)}`,
              );
          }
      }),
      { numRuns: 10 },
    );
  });

  it("aggregates agree, sums and variances within 1e-9 of the sum of absolute terms", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const texts = [
      "count(*)",
      "count(f)",
      "count_distinct(s)",
      "sum(i)",
      "sum(f)",
      "sum(d)",
      "avg(i)",
      "avg(d)",
      "min(s)",
      "max(f)",
      "max(t)",
      "stddev(d)",
      "variance(g)",
      "variance(i)",
      "stddev(i % 1000)",
      "stddev(case when b then 1e160 else f end)",
      "variance(i)",
      "stddev(i % 1000)",
      "stddev(case when b then 1e160 else f end)",
      "first(i)",
      "last(s)",
      "first_n(i, 3)",
      "last_n(s, 2)",
      "top_k(u, 3)",
      "avg(case when i > 15 then 1.0 else 0.0 end)",
    ];
    const aggregates = texts.map((text) => {
      const { aggregate, problems } = bindAggregate(text, columns);
      if (aggregate === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
      const operand = aggregate.operand === undefined ? undefined : expressionToJavascript(aggregate.operand);
      return { text, aggregate, operand, fold: aggregateToJavascript(aggregate) };
    });
    const small = rowArbitrary.map((row): Row => ({
      ...row,
      f: row["f"] === null ? null : Number(row["f"]) % 1e6,
      g: row["g"] === null ? null : Number(row["g"]) % 1e6,
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(small, { maxLength: 40 }), async (rows) => {
        const sql = aggregates.map(({ aggregate }) => aggregateToDuckdb(aggregate, identifier, "n")).join(", ");
        const source = rows.length === 0 ? `(SELECT * FROM ${table([{}])} WHERE false)` : table(rows);
        const [results = []] = await session.rows(`SELECT ${sql} FROM ${source}`);
        for (const [k, { text, operand, fold }] of aggregates.entries()) {
          const [a = null, b] = [
            results[k],
            fold(operand === undefined ? rows.map(() => 1n) : rows.map((row) => featureValue(operand(row)))),
          ];
          const scale = rows.reduce(
            (total, row) =>
              total +
              Math.abs(Number(row["f"] ?? 0)) +
              Math.abs(Number(row["g"] ?? 0)) ** 2 +
              Math.abs(Number(row["i"] ?? 0)) ** 2 +
              Math.abs(Number(row["d"] ?? 0)),
            1,
          );
          const close = typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-9 * scale;
          if (!close && !same(a, b)) throw new Error(`${text}: DuckDB ${show(a)}, JavaScript ${show(b)}`);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("printing", () => {
  it("times read back as they were written", () => {
    fc.assert(
      fc.property(timestamp, (micros) => {
        expect(bindExpression(`timestamp '${printTimestamp(micros)}'`, []).tree).toMatchObject({ value: micros });
      }),
    );
  });
});
