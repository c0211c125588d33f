/** Bins of a number: below `edges[0]`, then up to each edge (inclusive), then above the last. `counts` has one more entry. */
export interface NumericProfile {
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Sample standard deviation. */
  readonly stddev: number | null;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** The most frequent values; `other` counts the rest. Bool values are `true` and `false`. */
export interface CategoricalProfile {
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly other: number;
  readonly distinct: number;
}

export interface ColumnProfile {
  readonly name: string;
  /** As printed by `printValueType`. */
  readonly type: string;
  /** Rows with a value. */
  readonly count: number;
  readonly nulls: number;
  /** Timestamps and dates count as numbers, in seconds since the epoch. */
  readonly numeric?: NumericProfile;
  readonly categorical?: CategoricalProfile;
}

/** What a table's columns look like; a reference's bins are frozen, so that later data are counted by the same ones. */
export interface Profile {
  readonly version: 1;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}
