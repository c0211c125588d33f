import fc from "fast-check";
import { expect, it } from "vitest";

import { canonicalJson } from "./canonical-json.js";

it("sorts keys by UTF-16 units and prints numbers as RFC 8785 does", () => {
  expect(
    canonicalJson({
      b: [1e30, 4.5, 0.002, 1e-27],
      "€": "€",
      a: undefined,
      "1": null,
      "\u{1F600}": true,
      ﬁ: false,
    }),
  ).toBe('{"1":null,"b":[1e+30,4.5,0.002,1e-27],"€":"€","😀":true,"ﬁ":false}');
});

it("reads back as what was written, whatever the order of keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

it("refuses what JSON cannot hold", () => {
  expect(() => canonicalJson(NaN)).toThrow(TypeError);
  expect(() => canonicalJson({ a: 1n })).toThrow(TypeError);
});
