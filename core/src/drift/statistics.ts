/** Counts of one column by bin, of a reference and of the data judged; the bins are the reference's. */
export interface BinCounts {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** One drift statistic; its id names formula and rule, so that numbers of different versions are never compared. */
export interface DriftStatistic {
  readonly id: string;
  readonly title: string;
  readonly compute: (counts: BinCounts) => number | null;
  /** At `moderate` a look is due, at `large` an act. */
  readonly thresholds: { readonly moderate: number; readonly large: number };
}

function shares(counts: readonly number[]): number[] | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : counts.map((count) => count / total);
}

/** The share that stands for an empty bin: its logarithm is not defined. */
const epsilon = 1e-4;

/**
 * Population stability index: Σ (cᵢ − rᵢ) · ln(cᵢ / rᵢ) over shares; empty bins count as 1e-4. Symmetric, at least 0.
 * Null when either side has no rows. N. Siddiqi, "Credit Risk Scorecards", 2006; the thresholds 0.1 and 0.25 are its.
 */
export function populationStabilityIndex({ reference, current }: BinCounts): number | null {
  const [r, c] = [shares(reference), shares(current)];
  if (r === null || c === null) return null;
  return r.reduce((sum, share, bin) => {
    const [x, y] = [Math.max(c[bin] ?? 0, epsilon), Math.max(share, epsilon)];
    return sum + (x - y) * Math.log(x / y);
  }, 0);
}

/**
 * Jensen-Shannon distance: the square root of the divergence in bits, between 0 (equal) and 1 (no bin in common).
 * Null when either side has no rows. J. Lin, "Divergence measures based on the Shannon entropy", 1991.
 */
export function jensenShannonDistance({ reference, current }: BinCounts): number | null {
  const [r, c] = [shares(reference), shares(current)];
  if (r === null || c === null) return null;
  const divergence = r.reduce((sum, share, bin) => {
    const other = c[bin] ?? 0;
    const middle = (share + other) / 2;
    const term = (x: number): number => (x === 0 ? 0 : (x / 2) * Math.log2(x / middle));
    return sum + term(share) + term(other);
  }, 0);
  return Math.sqrt(Math.min(1, Math.max(0, divergence)));
}

export const statistics: ReadonlyMap<string, DriftStatistic> = new Map(
  [
    { id: "psi.v1", title: "PSI", compute: populationStabilityIndex, thresholds: { moderate: 0.1, large: 0.25 } },
    {
      id: "jensen-shannon.v1",
      title: "Jensen-Shannon distance",
      compute: jensenShannonDistance,
      thresholds: { moderate: 0.1, large: 0.2 },
    },
  ].map((statistic) => [statistic.id, statistic]),
);
