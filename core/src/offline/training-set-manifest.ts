/** What a training set was made of; written beside it as canonical JSON. No path or clock that would differ between two equal runs. */
export interface TrainingSetManifest {
  readonly version: 1;
  readonly project: string;
  readonly service: string;
  /** Digest of the definitions. */
  readonly definitions: string;
  readonly engine: string;
  /** `path` relative to the project, or the SQL, with the SHA-256 of what it is. */
  readonly labels: { readonly path?: string; readonly sql?: string; readonly sha256: string };
  readonly time: string;
  readonly sources: readonly {
    readonly source: string;
    readonly files: readonly { readonly path: string; readonly sha256: string }[];
    readonly query?: string;
  }[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly features: readonly string[];
  readonly rows: number;
  /** Share of nulls by feature, 0 to 1. */
  readonly nullShare: Readonly<Record<string, number>>;
  readonly sha256: string;
}
