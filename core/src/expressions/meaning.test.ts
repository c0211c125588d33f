import { describe, expect, it } from "vitest";

import { openDuckdb } from "../offline/node/duckdb-session.js";
import { toJsonValue } from "../values/json-value.js";
import { bindExpression } from "./bind.js";
import { compileRow } from "./compile-row.js";
import { expressionToDuckdb, featureToDuckdb } from "./to-duckdb.js";

/** Checked by hand against contracts §4: two back-ends that agree could still both be wrong. */
const cases: readonly (readonly [text: string, value: unknown])[] = [
  ["9223372036854775807 + 1", null],
  ["-9223372036854775808 // -1", null],
  ["-9223372036854775808 % -1", 0],
  ["-7 // 2", -3],
  ["-7 % 2", -1],
  ["7 % -2", 1],
  ["-7.5 // 2", -3],
  ["-7.5 % 2", -1.5],
  ["decimal '7.50' // decimal '-2.1'", "-3"],
  ["decimal '7.50' % decimal '-2.1'", "1.20"],
  ["1 / 0", null],
  ["1 // 0", null],
  ["1.5 % 0", null],
  ["decimal '1.5' // 0", null],
  ["7 / 2", 3.5],
  ["decimal '0.1' + decimal '0.2'", "0.3"],
  ["decimal '1.25' * decimal '0.5'", "0.625"],
  ["decimal '99999999999999999999999999999999999999' + decimal '1'", null],
  ["round(2.5)", 3],
  ["round(-2.5)", -3],
  ["round(0.49999999999999994)", 0],
  ["round(decimal '-2.50')", "-3"],
  ["floor(decimal '-2.50')", "-3"],
  ["ceil(decimal '2.01')", "3"],
  ["sign(decimal '-0.05')", -1],
  ["ln(0)", null],
  ["sqrt(-1)", null],
  ["pow(-8, 0.5)", null],
  ["pow(0, -1)", null],
  ["pow(2, 10)", 1024],
  ["exp(1000)", null],
  ["exp(1000) > 1e300", true],
  ["exp(1000) - exp(1000) = exp(1000) - exp(1000)", true],
  ["exp(1000) - exp(1000) > exp(1000)", true],
  ["least(2, null, 1)", 1],
  ["greatest(null, null)", null],
  ["cast(2.99 as int64)", 2],
  ["cast(-2.99 as int64)", -2],
  ["cast(1e19 as int64)", null],
  ["cast('12a' as int64)", null],
  ["cast(' 12' as int64)", null],
  ["cast(2.675 as decimal(9,2))", "2.68"],
  ["cast(0.125 as decimal(9,2))", "0.13"],
  ["cast(true as decimal(2,2))", null],
  ["cast(decimal '0.5' as string)", "0.5"],
  ["cast(1e16 as string)", "1e+16"],
  ["cast(122847234947734.125 as string)", "122847234947734.12"],
  ["cast('2001-02-03 24:00:00' as timestamp)", null],
  ["cast('2001-02-03 04:05:06+05:30' as timestamp)", "2001-02-02T22:35:06Z"],
  ["cast('2001-02-29' as date)", null],
  ["null and false", false],
  ["null or true", true],
  ["1 in (2, null)", null],
  ["null between 1 and 2", null],
  ["3 between null and 2", false],
  ["'a' < 'é' and 'é' < '𝒜' and '\uffff' < '𝒜'", true],
  ["'a%' like 'a_'", true],
  ["lower('ΑΣ')", "ασ"],
  ["upper('straße ᾳ')", "STRAẞE ᾼ"],
  ["length('𝒜é')", 2],
  ["substr('𝒜bcd', 2, 2)", "bc"],
  ["substr('hello', -2, 1)", "l"],
  ["substr('hello', 3, -2)", "he"],
  ["substr('hello', 0, 2)", "h"],
  ["substr('hello', -9, 6)", "he"],
  ["substr('hello', -9223372036854775808, 9223372036854775807)", "hello"],
  ["split_part('a,b,c', ',', 2)", "b"],
  ["split_part('a,b,c', ',', -1)", "c"],
  ["split_part('a,b,c', ',', 0)", ""],
  ["split_part('a𝒜', '', 2)", "𝒜"],
  ["'a' || null", null],
  ["concat('a', null)", "a"],
  ["extract(dow from date '2001-06-03')", 0],
  ["extract(week from date '2005-01-01')", 53],
  ["extract(epoch from timestamp '1970-01-01 00:00:01.5')", 1.5],
  ["date_trunc('week', timestamp '2001-06-03 10:00:00')", "2001-05-28T00:00:00Z"],
  ["date_diff('month', date '2001-01-31', date '2001-02-01')", 1],
  ["date_diff('day', timestamp '2001-01-01 23:59:59', timestamp '2001-01-02 00:00:00')", 1],
  ["date '2001-01-31' + interval 1 month", "2001-02-28T00:00:00Z"],
  ["date '2000-02-29' + interval 1 year", "2001-02-28T00:00:00Z"],
  ["at_zone(timestamp '2021-03-14 06:59:59', 'America/New_York')", "2021-03-14T01:59:59Z"],
  ["at_zone(timestamp '2021-03-14 07:00:00', 'America/New_York')", "2021-03-14T03:00:00Z"],
  ["at_zone(timestamp '2021-11-07 05:59:59.999999', 'America/New_York')", "2021-11-07T01:59:59.999999Z"],
  ["at_zone(timestamp '2021-11-07 06:00:00', 'America/New_York')", "2021-11-07T01:00:00Z"],
  ["at_zone(timestamp '2021-01-01 00:00:00', 'Asia/Kolkata')", "2021-01-01T05:30:00Z"],
  ["hash_bucket('user-1', 0)", null],
  ["hash_bucket('', 1000)", Number(0xd41d8cd98f00b20n % 1000n)],
  ["len([])", 0],
  ["len([null])", 1],
  ["len(null)", null],
  ["list_contains([1, null], 2)", false],
  ["list_contains([1, null], null)", null],
  ["list_contains([1, 2], 2.0)", true],
  ["list_sum([])", null],
  ["list_sum([null])", null],
  ["list_sum([1, null, 2])", 3],
  ["list_sum([9223372036854775807, 1])", null],
  ["list_sum([9223372036854775807, 1, -1])", "9223372036854775807"],
  ["list_sum([decimal '0.10', decimal '0.20'])", "0.30"],
  ["dot([1, 2], [3, 4])", 11],
  ["dot([1, 2], [3])", null],
  ["dot([1, null], [3, 4])", null],
  ["dot([], [])", 0],
  ["cosine_similarity([1, 0], [0, 1])", 0],
  ["cosine_similarity([1, 2], [2, 4])", 1],
  ["cosine_similarity([0, 0], [1, 2])", null],
  ["cast([1, 2] as float64[3])", null],
  ["cast(['1', 'x'] as list<int64>)", [1, null]],
  ["[1, null] is null", false],
];

describe("what an expression means", () => {
  it.each(["duckdb", "javascript"] as const)("by %s", async (engine) => {
    await using session = await openDuckdb({ root: process.cwd() });
    const trees = cases.map(([text]) => {
      const { tree, problems } = bindExpression(text, []);
      if (tree === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
      return tree;
    });
    const output: Parameters<ReturnType<typeof compileRow>>[1] = [];
    compileRow(trees, [])([], output);
    const column = (): string => "NULL";
    const [row = []] =
      engine === "javascript"
        ? [output]
        : await session.rows(
            `SELECT ${trees.map((tree) => featureToDuckdb(tree.type, expressionToDuckdb(tree, column))).join(", ")}`,
          );
    const results = cases.map(([text], index) => [text, toJsonValue(row[index] ?? null, trees[index]?.type ?? { kind: "null" })]);
    expect(results).toEqual(cases.map(([text, value]) => [text, value]));
  });
});
