import { describe, expect, it } from "vitest";

import { proveBackEndsEqual } from "../../core/src/expressions/testing/prove.js";

/** `SKEWPROOF_EXPRESSIONS=1000000` is the long mode; `SKEWPROOF_SEED` repeats a run. */
const expressions = Number(process.env["SKEWPROOF_EXPRESSIONS"] ?? 20_000);
const seed = Number(process.env["SKEWPROOF_SEED"] ?? Date.now() % 1_000_000_000);

describe("random expressions over hostile rows", () => {
  it(
    `${expressions} × 50 by DuckDB, closures and generated code, seed ${seed}`,
    async () => {
      console.log(`expressions: seed ${seed}`);
      expect(await proveBackEndsEqual({ seed, expressions, rows: 50 })).toBe(expressions);
    },
    24 * 3_600_000,
  );
});
