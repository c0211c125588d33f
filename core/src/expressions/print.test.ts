import { describe, expect, it } from "vitest";

import { bindAggregate, bindExpression } from "./bind.js";
import { printAggregate, printExpression } from "./print.js";
import { draftText, kinds, randomExpression } from "./testing/random-expressions.js";
import { hostileColumns } from "./testing/hostile-rows.js";
import { randomSource } from "./testing/random-source.js";

function print(text: string): string {
  const { tree, problems } = bindExpression(text, hostileColumns);
  if (tree === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
  return printExpression(tree);
}

describe("one text per meaning", () => {
  it.each([
    ["i+1", "( i + (1) )"],
    ["i+1", '"i"   +\n 1'],
    ["b and (b and b)", "(b AND b) And b"],
    ["s || (u || s)", "s||u||s"],
    ["i <> 1", "i != 1"],
    ["i not in (1, 2)", "not (i in (1,2))"],
    ["t + 7d", "t + interval 1 week"],
    ["t + 24h", "t + INTERVAL '1 day'"],
    ["f / 2", "f / 2.0"],
    ["i / 2", "cast(i as float64) / 2.00"],
    ["- (5)", "-5"],
    ["+i", "i"],
    ["cast(i as int64)", "i"],
    ["case when b then 1 else null end", "case when b then 1 end"],
    ["case i when 1 then 2 end", "case when i = 1 then 2 end"],
    ["date_trunc('DAY', t)", "Date_Trunc('day', t)"],
    ["at_zone(t, 'europe/paris')", "at_zone(t, 'Europe/Paris')"],
    ["cast(s as Float32)", "cast(s as float64)"],
  ])("%s is %s", (a, b) => {
    expect(print(a)).toBe(print(b));
  });

  it.each([
    ["i + (1 + j)", "i + 1 + j"],
    ["0.0", "-0.0"],
    ["1", "1.0"],
    ["decimal '1.0'", "decimal '1.00'"],
    ["i", "j"],
    ["t + interval 1 month", "t + interval 30 day"],
    ["b and (b or b)", "b and b or b"],
    ["'1'", "1"],
  ])("%s is not %s", (a, b) => {
    expect(print(a)).not.toBe(print(b));
  });

  it("does not depend on spaces, parentheses and the case of words, for random expressions", () => {
    const random = randomSource(1);
    for (let n = 0; n < 300; n++) {
      const text = draftText(randomExpression(random.pick(kinds), 3, random));
      const outsideTexts = text
        .split("'")
        .map((part, at) =>
          at % 2 === 1
            ? part
            : part
                .replaceAll(" ", "\n  ")
                .replace(/\b(and|or|not|case|when|then|else|end|cast|as|coalesce|least)\b/g, (word) => word.toUpperCase()),
        );
      expect(print(`  ((${outsideTexts.join("'")}))`)).toBe(print(text));
    }
  });

  it("prints aggregates with their parameter", () => {
    const aggregate = (text: string): string => {
      const bound = bindAggregate(text, hostileColumns).aggregate;
      return bound === undefined ? "" : printAggregate(bound);
    };
    expect(aggregate("APPROX_PERCENTILE( f,0.50 )")).toBe('approx_percentile("f", 0.5)');
    expect(aggregate("count( * )")).toBe("count(*)");
  });
});
