import type { Rate } from "./skew-report.js";

/** The 0.975 quantile of the normal distribution. */
const z = 1.959963984540054;

/**
 * `count` of `total` as a share with the 95 % score interval of E. B. Wilson, "Probable inference, the law of succession,
 * and statistical inference", JASA 22 (1927) 209–212: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n).
 * Null of none.
 */
export function wilsonInterval(count: number, total: number): Rate | null {
  if (total === 0) return null;
  const rate = count / total;
  const square = (z * z) / total;
  const middle = rate + square / 2;
  const half = z * Math.sqrt((rate * (1 - rate)) / total + square / (4 * total));
  return {
    rate,
    low: count === 0 ? 0 : (middle - half) / (1 + square),
    high: count === total ? 1 : (middle + half) / (1 + square),
  };
}
