/** Why a served value differs from its recomputation; docs/skew.md says in which order they are decided. */
export const skewCauses = [
  "definition_changed",
  "expired",
  "stale_materialization",
  "late_data",
  "numeric_tolerance",
  "changed_source",
  "missing_online",
  "missing_offline",
  "unexplained",
] as const;

export type SkewCause = (typeof skewCauses)[number];

/** One served row, whole; values in their JSON form, by feature. */
export interface SkewRow {
  readonly requestId: string;
  /** Position in the request. */
  readonly row: number;
  readonly at: string;
  readonly model: string | null;
  readonly version: string | null;
  readonly entities: Readonly<Record<string, unknown>>;
  readonly request: Readonly<Record<string, unknown>>;
  readonly served: Readonly<Record<string, unknown>>;
  readonly recomputed: Readonly<Record<string, unknown>>;
  readonly statuses: Readonly<Record<string, string | null>>;
  readonly eventTimes: Readonly<Record<string, string | null>>;
  /** The features that differ. */
  readonly different: readonly string[];
}

/** One served value that differs. */
export interface SkewExample {
  /** Index into the report's rows. */
  readonly row: number;
  readonly cause: SkewCause;
  /** The evidence, in words. */
  readonly because: string;
  readonly served: unknown;
  readonly recomputed: unknown;
}

/** A share with its 95 % Wilson interval; null of none. */
export interface Rate {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** How many values differ by each cause; causes of none are left out. */
export type CauseCounts = Readonly<Partial<Record<SkewCause, number>>>;

export interface FeatureSkew {
  readonly feature: string;
  readonly view: string;
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  /** Of `different` in `compared`. */
  readonly rate: Rate | null;
  readonly causes: CauseCounts;
  /** At most three of each cause. */
  readonly examples: readonly SkewExample[];
}

/** What `skew` found. At the top, served rows are counted: a row is different when any of its features is. */
export interface SkewReport {
  readonly service: string;
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  readonly rate: Rate | null;
  /** Of values, over all features. */
  readonly causes: CauseCounts;
  /** Lines of the log that are damaged. */
  readonly unreadable: number;
  /** Rows that were served and could not be logged. */
  readonly notLogged: number;
  /** Rows served when the service had other keys or request columns: nothing can be asked for them now. */
  readonly incomparable: number;
  /** Rows served under other definitions than the present ones; they are compared. */
  readonly otherDefinitions: number;
  /** The shares of entities that were logged, in ascending order; 1 is all. */
  readonly samples: readonly number[];
  /** The least and greatest moment of the rows compared. */
  readonly from: string | null;
  readonly asOf: string | null;
  readonly features: readonly FeatureSkew[];
  /** The rows of the examples, each once. */
  readonly rows: readonly SkewRow[];
}
