import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Column } from "../values/value-type.js";
import { bindAggregate, bindExpression } from "./bind.js";
import { operations } from "./catalogue.js";

const columns: readonly Column[] = [
  { name: "delay", type: { kind: "int64" } },
  { name: "origin", type: { kind: "string" } },
  { name: "scheduled_at", type: { kind: "timestamp" } },
];

/** Every problem as its place in the text and its code, and the suggestion where there is one. */
function problems(text: string): string[] {
  return bindExpression(text, columns).problems.map(({ code, span: { start, end }, suggestion }) =>
    [`${text.slice(0, start)}«${text.slice(start, end)}»${text.slice(end)}`, code, suggestion].filter(Boolean).join(" "),
  );
}

describe("several problems at once", () => {
  it.each([
    [
      "(delay + ) * foo(,)",
      [
        "(delay + «)» * foo(,) expected-expression",
        "(delay + ) * «foo»(,) unknown-function",
        "(delay + ) * foo(«,») expected-expression",
        "(delay + ) * foo(,«)» expected-expression",
      ],
    ],
    [
      "coalesce(delay 1, orgin, * 2)",
      [
        "coalesce(delay «1», orgin, * 2) expected-token",
        "coalesce(delay 1, «orgin», * 2) unknown-column origin",
        "coalesce(delay 1, orgin, «*» 2) expected-expression",
      ],
    ],
    [
      "case when delay > thn 1 else lowr(origin) end",
      [
        "case when delay > «thn» 1 else lowr(origin) end unknown-column",
        "case when delay > thn «1» else lowr(origin) end expected-token",
        "case when delay > thn 1 else «lowr»(origin) end unknown-function lower",
      ],
    ],
    ["delay adn delay > 1", ["delay «adn» delay > 1 unexpected-token and"]],
    ["case when delay > 1 thn 2 end", ["case when delay > 1 «thn» 2 end expected-token then"]],
    ["delay in (1, 2", ["delay in (1, 2«» expected-token"]],
    [
      "(delay # 2) + dely",
      [
        "(delay «#» 2) + dely unexpected-character",
        "(delay # «2») + dely expected-token",
        "(delay # 2) + «dely» unknown-column delay",
      ],
    ],
    ["cast(delay as strng)", ["cast(delay as «strng») unknown-type string"]],
    ["extract(huor from scheduled_at)", ["extract(«huor» from scheduled_at) wrong-arguments hour"]],
    ["date_trunc('dya', scheduled_at)", ["date_trunc(«'dya'», scheduled_at) wrong-arguments 'day'"]],
    ["at_zone(scheduled_at, 'Europe/Pari')", ["at_zone(scheduled_at, «'Europe/Pari'») wrong-arguments 'Europe/Paris'"]],
    ["at_zone(scheduled_at, origin)", ["at_zone(scheduled_at, «origin») wrong-arguments"]],
    ["len(origin)", ["«len(origin)» wrong-type"]],
    ["[1, 'a']", ["«[1, 'a']» wrong-type"]],
    ["[1] = [2]", ["«[1] = [2]» wrong-type"]],
    [
      "dot(cast(null as float64[2]), cast(null as float64[3]))",
      ["«dot(cast(null as float64[2]), cast(null as float64[3]))» wrong-type"],
    ],
    ["1 +", ["1 +«» expected-expression"]],
    ["", ["«» expected-expression"]],
  ])("%s", (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it("refuses what no engine takes, with one sentence", () => {
    const one = (text: string): void => expect(bindExpression(text, columns).problems.map(({ code }) => code)).toHaveLength(1);
    one(`${"(".repeat(100_000)}delay`);
    one(`${"- ".repeat(100_000)}delay`);
    one(Array.from({ length: 100_000 }, () => "delay").join(" + "));
    one(`delay in (${Array.from({ length: 100_000 }, (_, n) => n).join(", ")})`);
    let doubled = "delay";
    for (let level = 0; level < 40; level++) doubled = `case ${doubled} when 1 then 2 when 3 then 4 end`;
    one(doubled);
    one(`cast(delay as ${"list<".repeat(50_000)}int64${">".repeat(50_000)})`);
  });
});

describe("parsing never throws", () => {
  const words = [
    ...operations.keys(),
    ..."delay origin scheduled_at and or not is in between like case when then else end as from null true cast count avg interval".split(
      " ",
    ),
    ..."( ) [ ] , * + - / // % = <> < <= > >= || . 1 2.5 7d 1e999 99999999999999999999 'a' 'day' \"delay\" decimal timestamp date day ' \" $".split(
      " ",
    ),
  ];
  const soup = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((tokens) => tokens.join(" "));

  it.each([
    ["token soup", soup],
    ["random unicode", fc.string({ unit: "binary", maxLength: 60 })],
    ["soup with unicode in it", fc.tuple(soup, fc.string({ unit: "grapheme" }), soup).map((parts) => parts.join(""))],
  ])("%s", (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        for (const bind of [bindExpression, bindAggregate]) {
          const bound = bind(text, columns);
          const found = "tree" in bound ? bound.tree : "aggregate" in bound ? bound.aggregate : undefined;
          expect(found === undefined).toBe(bound.problems.length > 0);
          for (const { span, message } of bound.problems) {
            expect(span.start).toBeGreaterThanOrEqual(0);
            expect(span.end).toBeGreaterThanOrEqual(span.start);
            expect(span.end).toBeLessThanOrEqual(text.length);
            expect(message).toMatch(/\S/);
          }
        }
      }),
      { numRuns: 700 },
    );
  });
});
