const units = [
  ["d", 86_400_000_000n],
  ["h", 3_600_000_000n],
  ["min", 60_000_000n],
  ["s", 1_000_000n],
  ["ms", 1000n],
  ["µs", 1n],
] as const;

/** A span of time as a person says it, in its two greatest units: `2 d 3 h`, `45 s`. */
export function ageText(micros: bigint): string {
  const span = micros < 0n ? -micros : micros;
  const first = units.findIndex(([, size]) => span >= size);
  const [name, size] = units[first] ?? ["s", 1_000_000n];
  const [nextName, nextSize] = units[first + 1] ?? [name, size];
  const rest = first < 0 ? 0n : (span % size) / nextSize;
  return `${span / size} ${name}${rest === 0n ? "" : ` ${rest} ${nextName}`}`;
}
