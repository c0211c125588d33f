/** One served value that differs from its recomputation; values in their JSON form. */
export interface SkewExample {
  readonly requestId: string;
  readonly row: number;
  readonly at: string;
  readonly entities: Readonly<Record<string, unknown>>;
  readonly served: unknown;
  readonly recomputed: unknown;
}

export interface FeatureSkew {
  readonly feature: string;
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  /** At most five. */
  readonly examples: readonly SkewExample[];
}

/** What `skew` found. At the top, served rows are counted: a row is different when any of its features is. */
export interface SkewReport {
  readonly service: string;
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  /** Lines of the log that could not be read, e.g. the torn last line of a killed sidecar. */
  readonly unreadable: number;
  /** Rows served under other definitions than the project's present ones; they are not compared. */
  readonly otherDefinitions: number;
  /** The greatest moment in the log. */
  readonly asOf: string | null;
  readonly features: readonly FeatureSkew[];
}
