/** The next whole number from 0 to below `below`. */
export type Random = (below: number) => number;

/** The same numbers for the same seed, on every machine: mulberry32 by Tommy Ettinger. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** The items in another order: Fisher and Yates. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last--) {
    const other = random(last + 1);
    const [a, b] = [all[last], all[other]];
    if (a !== undefined && b !== undefined) [all[last], all[other]] = [b, a];
  }
  return all;
}

/** A seed of this run, from the environment (`SKEWPROOF_SEED`) or the clock; printed, so that a failure can be repeated. */
export function printedSeed(what: string): number {
  const seed = Number(process.env["SKEWPROOF_SEED"] ?? Date.now() % 1_000_000_000);
  process.stdout.write(`${what}: SKEWPROOF_SEED=${seed}\n`);
  return seed;
}
