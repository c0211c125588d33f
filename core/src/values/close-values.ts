import { compareValues } from "./compare-values.js";
import type { Value } from "./value.js";

/** Whether two values of one type are equal, floats (also inside lists) within `ulp` units in the last place; 0 is -0. */
export function closeValues(a: Value, b: Value, ulp: number): boolean {
  if (typeof a === "number" && typeof b === "number" && Number.isFinite(a) && Number.isFinite(b))
    return Math.abs(a - b) <= ulp * unitInLastPlace(Math.max(Math.abs(a), Math.abs(b)));
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item: Value, index) => closeValues(item, (b[index] ?? null) as Value, ulp));
  return compareValues(a, b) === 0;
}

/** The distance from a float to the next one: 2^(exponent - 52), the least of all below the normal range. */
function unitInLastPlace(x: number): number {
  return x < 2 ** -1021 ? Number.MIN_VALUE : 2 ** (Math.floor(Math.log2(x)) - 52);
}
