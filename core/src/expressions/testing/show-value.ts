import type { Value } from "../../values/value.js";

/** A value for a failure's message: bigints with their `n`, NaN and -0 by name. */
export function showValue(value: Value): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));
}
