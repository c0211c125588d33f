import { expect, it } from "vitest";

import { wilsonInterval } from "./wilson-interval.js";

// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
it.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("%i of %i", (count, total, low, high) => {
  const interval = wilsonInterval(count, total);
  expect(interval?.rate).toBe(count / total);
  expect(interval?.low).toBeCloseTo(low, 4);
  expect(interval?.high).toBeCloseTo(high, 4);
});

it("is none of nothing, and reaches the ends", () => {
  expect(wilsonInterval(0, 0)).toBeNull();
  expect(wilsonInterval(5, 5)).toMatchObject({ rate: 1, high: 1 });
  expect(wilsonInterval(0, 5)).toMatchObject({ rate: 0, low: 0 });
});
