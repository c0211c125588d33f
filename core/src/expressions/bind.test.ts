import { describe, expect, it } from "vitest";

import type { Column } from "../values/value-type.js";
import { aggregates } from "./aggregates.js";
import { bindAggregate, bindExpression } from "./bind.js";
import { operations } from "./catalogue.js";
import { columnsUsed } from "./columns-used.js";
import { printExpression } from "./print.js";

const columns: readonly Column[] = [
  { name: "delay", type: { kind: "int64" } },
  { name: "origin", type: { kind: "string" } },
  { name: "scheduled_at", type: { kind: "timestamp" } },
];

/** The text with the first problem's span marked, then its code and message. */
function firstProblem(text: string, bind: typeof bindExpression | typeof bindAggregate = bindExpression): string {
  const [problem] = bind(text, columns).problems;
  if (problem === undefined) return "no problem";
  const { start, end } = problem.span;
  return `${text.slice(0, start)}«${text.slice(start, end)}»${text.slice(end)} ${problem.code}: ${problem.message}`;
}

describe("problems point at the place and say what to do", () => {
  it.each([
    [
      "dealy + 1",
      "«dealy» + 1 unknown-column: There is no column dealy. Did you mean delay? Columns: delay, origin, scheduled_at.",
    ],
    [
      "delay + ",
      "delay + «» expected-expression: A value, a column or a function was expected here, not the end of the expression.",
    ],
    [
      "delay + origin",
      "«delay + origin» wrong-type: `a + b` takes two numbers, or a timestamp and an interval, not (int64, string).",
    ],
    ["lowr(origin)", "«lowr»(origin) unknown-function: There is no function lowr. Did you mean lower?"],
    [
      "avg(delay)",
      "«avg»(delay) unexpected-aggregate: avg is an aggregate: it stands alone, under `aggregate`, with a `window`.",
    ],
    ["case delay then 1 end", "case delay «then» 1 end expected-token: `when` was expected here, not `then`."],
    ["delay ? 1", 'delay «?» 1 unexpected-character: The character "?" has no meaning here.'],
    ["'abc", "«'abc» unexpected-character: This text has no closing '."],
    [
      "99999999999999999999",
      "«99999999999999999999» number-range: 99999999999999999999 is beyond int64. Write it with a point for float64, or as decimal '99999999999999999999'.",
    ],
    [
      "extract(hours from scheduled_at)",
      "extract(«hours» from scheduled_at) wrong-arguments: The unit of extract is one of year, quarter, month, week, day, hour, minute, second, dow, doy, epoch. Did you mean hour?",
    ],
    [
      "cast(delay as integer)",
      "cast(delay as «integer») unknown-type: integer is not a type to cast to. Types: bool, int64, float64, string, timestamp, date, decimal(p,s), list<T>.",
    ],
    [
      "timestamp '2001-02-30'",
      "«timestamp '2001-02-30'» invalid-literal: '2001-02-30' is not a timestamp; write it as timestamp '2001-06-01 07:00:00'.",
    ],
    [`${"(".repeat(300)}1`, /too-deep/],
  ])("%s", (text, expected) => {
    if (typeof expected === "string") expect(firstProblem(text)).toBe(expected);
    else expect(firstProblem(text)).toMatch(expected);
  });

  it("tells several type problems at once", () => {
    expect(bindExpression("coalesce(dely, 1) > 2 and foo(origin)", columns).problems.map(({ code }) => code)).toEqual([
      "unknown-column",
      "unknown-function",
    ]);
  });

  it.each([
    ["count(*) + 1", "not-an-aggregate"],
    ["mean(delay)", "unknown-aggregate"],
    ["avg(origin)", "wrong-type"],
    ["avg(*)", "wrong-arguments"],
    ["last_n(delay, 0)", "wrong-arguments"],
    ["avg(dely)", "unknown-column"],
  ])("aggregate %s", (text, code) => {
    expect(bindAggregate(text, columns).problems[0]?.code).toBe(code);
  });

  it("never throws, whatever the text", () => {
    for (const text of [
      "",
      ")",
      "((",
      "case",
      "cast(",
      "in (1)",
      "not",
      "interval",
      "a b",
      "1 2",
      "\u{1F600}",
      "extract(",
      "-",
      "'",
      '"',
    ])
      expect(bindExpression(text, columns).problems.length, text).toBeGreaterThan(0);
  });
});

describe("the typed tree", () => {
  it("has explicit casts and one canonical text per meaning", () => {
    const print = (text: string): string => {
      const { tree } = bindExpression(text, columns);
      return tree === undefined ? "" : printExpression(tree);
    };
    expect(print("delay/2.0")).toBe(`divide(cast("delay" as float64), float64 2)`);
    expect(print("( Delay )")).toBe("");
    expect(print("(delay)  +  1 * 2")).toBe(print("delay + (1*2)"));
    expect(print("CASE WHEN delay > 15 THEN 1 ELSE 0.5 END")).toBe(
      `case when greater("delay", int64 15) then float64 1 else float64 0.5 end`,
    );
  });

  it("knows the columns it reads", () => {
    const { aggregate } = bindAggregate("avg(case when delay > 15 then 1.0 else 0.0 end)", columns);
    expect(aggregate === undefined ? [] : [...columnsUsed(aggregate)]).toEqual(["delay"]);
  });
});

describe("the catalogue", () => {
  it("documents every function, with an example that names it", () => {
    for (const { name, signature, documentation, operator, example } of operations.values()) {
      expect(documentation, name).toMatch(/\.$/);
      if (!operator) expect(`${signature} ${example}`, name).toContain(`${name}(`);
    }
    for (const { name, signature } of aggregates.values()) expect(signature).toContain(name);
  });
});
