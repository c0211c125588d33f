import { SkewproofError } from "../errors.js";
import { binLabels } from "../profiles/bin-labels.js";
import type { ColumnProfile, Profile } from "../profiles/profile.js";
import { didYouMean } from "../values/nearest-name.js";
import { statistics, type BinCounts } from "./statistics.js";

export type Verdict = "stable" | "moderate" | "large" | "unknown";

export interface DriftBin {
  readonly label: string;
  /** Shares of all rows, nulls included. */
  readonly reference: number;
  readonly current: number;
}

export interface FeatureDrift {
  readonly feature: string;
  readonly statistics: readonly { readonly id: string; readonly value: number | null; readonly verdict: Verdict }[];
  /** The worst of its statistics. */
  readonly verdict: Verdict;
  readonly bins: readonly DriftBin[];
}

/** Features, the most drifted first. */
export interface DriftReport {
  readonly rows: { readonly reference: number; readonly current: number };
  readonly features: readonly FeatureDrift[];
}

export interface DriftOptions {
  /** Ids; default all. */
  readonly statistics?: readonly string[];
  /** Only these columns; default every column that both profiles describe, without moments: those of later rows are later. */
  readonly features?: readonly string[];
}

const order: readonly Verdict[] = ["unknown", "stable", "moderate", "large"];

/**
 * Compares a profile with a reference by the reference's frozen bins, plus a bin for nulls and, for categories, one for
 * values the reference did not list. Throws `usage` for an unknown statistic or profiles without a common column.
 */
export function driftReport(reference: Profile, current: Profile, options: DriftOptions = {}): DriftReport {
  const chosen = (options.statistics ?? [...statistics.keys()]).map((id) => {
    const found = statistics.get(id);
    if (found === undefined)
      throw new SkewproofError(
        "usage",
        `There is no statistic ${id}.${didYouMean(id, statistics.keys())} Statistics: ${[...statistics.keys()].join(", ")}.`,
      );
    return found;
  });
  const wanted = ({ name, type }: ColumnProfile): boolean =>
    options.features === undefined ? type !== "timestamp" && type !== "date" : options.features.includes(name);
  const features = reference.columns.filter(wanted).flatMap((column): FeatureDrift[] => {
    const other = current.columns.find(({ name }) => name === column.name);
    const counted = other === undefined ? undefined : countBins(column, other);
    if (counted === undefined) return [];
    const results = chosen.map(({ id, compute, thresholds }) => {
      const value = compute(counted);
      const verdict: Verdict =
        value === null ? "unknown" : value >= thresholds.large ? "large" : value >= thresholds.moderate ? "moderate" : "stable";
      return { id, value, verdict };
    });
    const share = (counts: readonly number[], bin: number): number =>
      (counts[bin] ?? 0) /
      Math.max(
        1,
        counts.reduce((sum, count) => sum + count, 0),
      );
    const verdict = results.reduce<Verdict>(
      (worst, one) => (order.indexOf(one.verdict) > order.indexOf(worst) ? one.verdict : worst),
      "unknown",
    );
    return [
      {
        feature: column.name,
        statistics: results,
        verdict,
        bins: counted.labels.map((label, bin) => ({
          label,
          reference: share(counted.reference, bin),
          current: share(counted.current, bin),
        })),
      },
    ];
  });
  if (features.length === 0) throw new SkewproofError("usage", "The two profiles have no column in common that can be compared.");
  const first = (one: FeatureDrift): number => one.statistics[0]?.value ?? -1;
  return {
    rows: { reference: reference.rows, current: current.rows },
    features: features.sort((a, b) => first(b) - first(a) || (a.feature < b.feature ? -1 : 1)),
  };
}

function countBins(
  reference: ColumnProfile,
  current: ColumnProfile,
): (BinCounts & { readonly labels: readonly string[] }) | undefined {
  if (reference.numeric !== undefined && current.numeric?.edges.length === reference.numeric.edges.length) {
    const { edges, counts } = reference.numeric;
    return {
      labels: [...binLabels(edges), "null"],
      reference: [...counts, reference.nulls],
      current: [...current.numeric.counts, current.nulls],
    };
  }
  if (reference.categorical !== undefined && current.categorical !== undefined) {
    const values = reference.categorical.values.map(({ value }) => value);
    const known = new Map(current.categorical.values.map(({ value, count }) => [value, count]));
    const listed = values.map((value) => known.get(value) ?? 0);
    const seen = listed.reduce((sum, count) => sum + count, 0);
    return {
      labels: [...values, "other", "null"],
      reference: [...reference.categorical.values.map(({ count }) => count), reference.categorical.other, reference.nulls],
      current: [...listed, current.count - seen, current.nulls],
    };
  }
  return undefined;
}
