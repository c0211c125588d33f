import { afterEach, describe, expect, it, vi } from "vitest";

import type { Value } from "../values/value.js";
import type { Column } from "../values/value-type.js";
import { bindExpression } from "./bind.js";
import { compileRow } from "./compile-row.js";
import { generateRow } from "./generate-row.js";
import type { TypedExpression } from "./typed-tree.js";

const columns: readonly Column[] = [
  { name: "x", type: { kind: "float64" } },
  { name: 'evil"]; throw 1; //', type: { kind: "string" } },
  { name: "list", type: { kind: "list", element: { kind: "float64" } } },
];
const names = columns.map(({ name }) => name);

function trees(...texts: readonly string[]): TypedExpression[] {
  return texts.map((text) => {
    const { tree, problems } = bindExpression(text, columns);
    if (tree === undefined) throw new Error(problems.map(({ message }) => message).join(" "));
    return tree;
  });
}

function run(expressions: readonly TypedExpression[], input: readonly Value[], generate: boolean): Value[] {
  const output: Value[] = [];
  compileRow(expressions, names, { generate })(input, output);
  return output;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([true, false])("a compiled row, generated: %s", (generate) => {
  it("takes and gives values by position; what leaves is finite", () => {
    const expressions = trees(
      "x * 2",
      "x / 0",
      "exp(x * 1000)",
      '"evil""]; throw 1; //" || \'!\'',
      "[x, exp(x * 1000), null]",
      "list",
      "x is null",
    );
    expect(run(expressions, [3, "é", [1, NaN]], generate)).toEqual([6, null, null, "é!", [3, null, null], [1, null], false]);
    expect(run(expressions, [null, null, null], generate)).toEqual([null, null, null, null, [null, null, null], null, true]);
    expect(run(expressions, [], generate)).toEqual([null, null, null, null, [null, null, null], null, true]);
  });

  it("computes a branch only from its own block", () => {
    const expressions = trees(
      "case when x > 1 then sqrt(x) when x < 0 then sqrt(-x) end",
      "sqrt(x)",
      "case when x > 4 then sqrt(x) else 0.0 end",
    );
    expect(run(expressions, [9, null, null], generate)).toEqual([3, 3, 3]);
    expect(run(expressions, [-4, null, null], generate)).toEqual([2, null, 0]);
    expect(run(expressions, [0, null, null], generate)).toEqual([null, 0, 0]);
  });

  it("knows -0 from 0", () => {
    expect(
      run(
        trees("cast(-0.0 as string)", "cast(0.0 as string)", "cast(x * -0.0 as string)", "cast(x * 0.0 as string)"),
        [1],
        generate,
      ),
    ).toEqual(["-0.0", "0.0", "-0.0", "0.0"]);
  });
});

describe("generated code", () => {
  it("holds no text of a user's", () => {
    const { code } = generateRow(
      trees(`"evil""]; throw 1; //" = 'literal"]; throw 2; //'`, "x + 12345.5", "split_part('one', 'two', 3)"),
      names,
    );
    expect(code).not.toMatch(/evil|throw|literal|12345|one|two/);
    expect(code).toMatch(/^"use strict";\n(const k\d+ = k\[\d+\];\n)*return function \(input, output\) \{/);
  });

  it("computes a shared part once", () => {
    const { code } = generateRow(trees("sqrt(x) + 1", "sqrt(x) + 2", "case when sqrt(x) > 1 then sqrt(x) end"), names);
    expect(code.match(/input\[/g)).toHaveLength(1);
    expect(code.match(/k\d+\(v0\)/g)).toHaveLength(1);
  });

  it("is done without where it is forbidden", () => {
    vi.stubGlobal("Function", function () {
      throw new EvalError("Refused to evaluate a string as JavaScript");
    });
    expect(run(trees("x + 1"), [1], true)).toEqual([2]);
  });
});
