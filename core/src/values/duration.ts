const units: Readonly<Record<string, bigint>> = {
  s: 1_000_000n,
  m: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
  w: 604_800_000_000n,
};

/** Microseconds of a duration such as `30s 15m 1h 7d 4w`; undefined when the text is not one. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^(\d{1,9})([smhdw])$/.exec(text);
  const unit = units[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined ? undefined : BigInt(match[1]) * unit;
}

/** The shortest spelling of a duration in microseconds: `7d`, not `168h`; weeks are written as days. */
export function printDuration(micros: bigint): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = units[unit] ?? 1n;
    if (micros % size === 0n && micros !== 0n) return `${micros / size}${unit}`;
  }
  return micros === 0n ? "0s" : `${micros}us`;
}
