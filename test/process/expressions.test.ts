import { describe, expect, it } from "vitest";

import { provedDeep } from "../../core/src/expressions/testing/prove-deep.js";
import { proveBackEndsEqual } from "../../core/src/expressions/testing/prove.js";

/** `SKEWPROOF_EXPRESSIONS=1000000` is the long mode; `SKEWPROOF_SEED` repeats a run. */
const expressions = Number(process.env["SKEWPROOF_EXPRESSIONS"] ?? 20_000);
const seed = Number(process.env["SKEWPROOF_SEED"] ?? Date.now() % 1_000_000_000);

describe("DuckDB, closures and generated code are equal", () => {
  it(
    `on ${expressions} random expressions over 50 hostile rows each, seed ${seed}`,
    async () => {
      expect(await proveBackEndsEqual({ seed, expressions, rows: 50 })).toBe(expressions);
    },
    24 * 3_600_000,
  );

  it.each([
    ["sums", (inner: string) => `(${inner} + 1)`],
    ["quotients", (inner: string) => `(1 / (${inner}))`],
    ["remainders", (inner: string) => `(7 % (${inner}))`],
    ["nullif", (inner: string) => `nullif(${inner}, 3)`],
    ["powers", (inner: string) => `pow(${inner}, 0.5)`],
    ["parts of texts", (inner: string) => `length(substr('abc', ${inner}, 2))`],
    ["casts", (inner: string) => `cast(cast(${inner} as string) as float64)`],
    [
      "texts and moments",
      (inner: string) => `extract(hour from at_zone(cast(cast(${inner} as string) as timestamp), 'Asia/Tokyo'))`,
    ],
    ["vectors", (inner: string) => `cosine_similarity([${inner}, 1], [1, 2])`],
    ["conditions", (inner: string) => `case when i > 1 then ${inner} else 2 end`],
  ])("on %s as deep as the language allows", async (_, around) => {
    expect(await provedDeep(around)).toBeGreaterThan(20);
  });
});
