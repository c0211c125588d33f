/** What a training set was made of; written beside it as canonical JSON. No path or clock that would differ between two equal runs. */
export interface TrainingSetManifest {
  readonly version: 1;
  readonly project: string;
  readonly service: string;
  /** Digest of the definitions. */
  readonly definitions: string;
  readonly engine: string;
  /** Digest of everything the result follows from: what it is the same for need not be computed again. */
  readonly inputs: string;
  /** `path` relative to the project, or the SQL, with the SHA-256 of what it is. */
  readonly labels: { readonly path?: string; readonly sql?: string; readonly sha256: string };
  readonly time: string;
  /** The labels' first and last moment, ISO 8601 UTC; nothing that became known after the last one is in the result. */
  readonly moments: { readonly from: string | null; readonly to: string | null };
  readonly sources: readonly SourceDigest[];
  /** How each view was joined, and the statements that did it. */
  readonly shapes: Readonly<Record<string, string>>;
  readonly sql: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly features: readonly string[];
  readonly rows: number;
  /** Share of nulls by feature, 0 to 1. */
  readonly nullShare: Readonly<Record<string, number>>;
  /** Rules of the features' `expect`: how many rows break each. */
  readonly expectations: readonly BrokenRule[];
  /** SHA-256 of the profile beside it. */
  readonly profile: string;
  /** SHA-256 of the file; of a partitioned one, of its files' names and digests. */
  readonly sha256: string;
}

export interface SourceDigest {
  readonly source: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly query?: string;
  /** The rows of a stream: those of this log up to and with the last. */
  readonly stream?: { readonly log: string; readonly last: string };
}

export interface BrokenRule {
  readonly feature: string;
  readonly rule: string;
  readonly rows: number;
  /** Whether the rule holds: no row breaks it; for a share of nulls, fewer than it allows. */
  readonly holds: boolean;
}
