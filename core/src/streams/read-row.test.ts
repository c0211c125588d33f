import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Stream } from "../registry/bound-project.js";
import { parseValueType } from "../values/value-type-text.js";
import { rowReader } from "./read-row.js";

const types = [
  "bool",
  "int64",
  "int32",
  "float64",
  "decimal(5,2)",
  "string",
  "timestamp",
  "date",
  "bytes",
  "list<int32>",
  "float64[2]",
];
const schema = types.map((text) => {
  const type = parseValueType(text);
  if (type === undefined) throw new Error(text);
  return { name: text, type };
});
const stream: Stream = { schema, int32: ["int32", "list<int32>"] };
const read = rowReader(stream, undefined);
const one = (column: string, json: unknown): unknown => {
  const values = read({ [column]: json });
  return typeof values === "string" ? values : values[types.indexOf(column)];
};

describe("a row that is pushed", () => {
  it.each<[string, unknown, unknown]>([
    ["bool", "true", true],
    ["int64", 42, 42n],
    ["int64", "-9223372036854775808", -(2n ** 63n)],
    ["int32", -(2 ** 31), -(2n ** 31n)],
    ["float64", NaN, null],
    ["float64", "-Infinity", null],
    ["float64", "1e3", 1000],
    ["decimal(5,2)", 1.5, 150n],
    ["decimal(5,2)", "-999.99", -99999n],
    ["timestamp", "2026-01-01T02:00:00+02:00", 1767225600000000n],
    ["date", "1970-01-02", 1],
    ["bytes", "AAEC", new Uint8Array([0, 1, 2])],
    ["list<int32>", [1, null, "2"], [1n, null, 2n]],
    ["float64[2]", [NaN, 1], [null, 1]],
    ["string", null, null],
  ])("%s of %s", (column, json, value) => {
    expect(one(column, json)).toEqual(value);
  });

  it.each<[string, unknown, RegExp]>([
    ["bool", 1, /^bool: 1 is not a bool/],
    ["int64", 1.5, /is not a int64; above 2\^53 write it as a string/],
    ["int64", 2 ** 53, /is not a int64/],
    ["int64", "9223372036854775808", /is not a int64/],
    ["int32", 2 ** 31, /^int32: 2147483648 is beyond int32/],
    ["decimal(5,2)", 1.234, /is not a decimal\(5,2\)/],
    ["decimal(5,2)", 1234567890123456, /more digits than a JSON number keeps/],
    ["string", 7, /is not a string/],
    ["string", "\udc00", /half of a surrogate pair/],
    ["timestamp", "9999-12-31T23:59:59-01:00", /outside the years/],
    ["date", "0000-01-01", /outside the years/],
    ["list<int32>", [2 ** 40], /beyond int32/],
    ["float64[2]", [1], /has 1 elements; float64\[2\] has 2/],
    ["toString", 1, /^toString: the schema has no such column/],
    ["_position", 1, /^_position: the schema has no such column/],
  ])("%s of %s is refused with its column", (column, json, words) => {
    expect(one(column, json)).toMatch(words);
  });

  it("may have what the library alone can give", () => {
    expect(one("int64", 2n ** 60n)).toBe(2n ** 60n);
    expect(one("int64", 2n ** 63n)).toMatch(/is not a int64/);
    expect(one("string", 1n)).toMatch(/^string: /);
  });

  it("may hold anything: it is read, or told why not", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...types), (json, column) => {
        expect(typeof one(column, json) === "string" || Array.isArray(read({ [column]: json }))).toBe(true);
        expect(["string", "object"]).toContain(typeof read(json));
      }),
      { numRuns: 300 },
    );
  });
});
