import type { ColumnProfile } from "../profiles/profile.js";

const levels = "▁▂▃▄▅▆▇█";

/** The counts of a profile's bins as one line of block characters, the greatest as the full block; at most 12 of them. */
export function sparkline({ numeric, categorical }: ColumnProfile): string {
  const counts = (numeric?.counts ?? categorical?.values.map(({ count }) => count) ?? []).slice(0, 12);
  const most = Math.max(1, ...counts);
  return counts.map((count) => levels[Math.round((count / most) * (levels.length - 1))] ?? "").join("");
}
