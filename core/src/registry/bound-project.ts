import type { TypedAggregate, TypedExpression } from "../expressions/typed-tree.js";
import type { Value } from "../values/value.js";
import type { Column, ValueType } from "../values/value-type.js";

/** What every definition may carry, and where it stands. `file` is relative to the project's root. */
export interface Described {
  readonly name: string;
  readonly description?: string;
  readonly owner?: string;
  readonly tags: readonly string[];
  readonly file: string;
  /** Zero-based line of the document's first key. */
  readonly line: number;
}

export interface Entity extends Described {
  readonly keys: readonly Column[];
}

export type SourceLocation =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "query"; readonly sql: string }
  | { readonly kind: "table"; readonly table: string }
  | { readonly kind: "stream"; readonly name: string };

/** A topic whose messages are a stream's rows. */
export interface KafkaTopic {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group?: string;
  readonly tls: boolean;
  /** Names of environment variables. */
  readonly sasl?: {
    readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
    readonly username: string;
    readonly password: string;
  };
}

/** What only streams have. */
export interface Stream {
  /** The columns of the schema, without `_position` and `_received_at`. */
  readonly schema: readonly Column[];
  /** Columns declared as int32 (or lists of it): held as int64, range-checked when a row is pushed. */
  readonly int32: readonly string[];
  /** The column whose value identifies a row. */
  readonly eventId?: string;
  readonly kafka?: KafkaTopic;
}

export interface Source extends Described {
  readonly location: SourceLocation;
  readonly eventTime?: string;
  readonly knownAt?: string;
  /** Column that breaks ties of event time and known_at: the greatest wins. */
  readonly tieBreak?: string;
  /** Microseconds: how late a row may come and still be found by materialize. */
  readonly lateness?: bigint;
  readonly stream?: Stream;
  /**
   * The source's real columns, read from the data; of a stream those of its schema, then `_position` and `_received_at`.
   * Undefined while they were never read.
   */
  readonly columns?: readonly Column[];
}

export interface Expectation {
  readonly notNull?: boolean;
  readonly min?: Value;
  readonly max?: Value;
  readonly in?: readonly Value[];
  readonly nullRateBelow?: number;
}

interface FeatureBase {
  readonly name: string;
  /** The expression or aggregate as it was written, on one line. */
  readonly text: string;
  readonly type: ValueType;
  readonly description?: string;
  readonly default?: Value;
  readonly pii: boolean;
  readonly expect?: Expectation;
  readonly line: number;
}

/** A feature of the latest row: an expression over the source row (a bare column is a column expression). */
export interface RowFeature extends FeatureBase {
  readonly kind: "row";
  readonly expression: TypedExpression;
}

/** A feature aggregated over `[t - window, t)`; `window` in microseconds. */
export interface WindowFeature extends FeatureBase {
  readonly kind: "window";
  readonly aggregate: TypedAggregate;
  readonly window: bigint | "unbounded";
}

export interface ViewKey {
  /** The entity's join key: the column name in labels and requests. */
  readonly key: string;
  /** The source's column. */
  readonly column: string;
  readonly type: ValueType;
}

export interface Refresh {
  /** Microseconds. */
  readonly every: bigint;
  readonly delay: bigint;
}

/** All features of a view are of one kind: latest row or window. `keys` is empty for a global view. */
export interface FeatureView extends Described {
  readonly kind: "feature_view";
  readonly entities: readonly Entity[];
  readonly keys: readonly ViewKey[];
  readonly source: Source;
  /** Microseconds. */
  readonly ttl?: bigint;
  readonly refresh?: Refresh;
  readonly online: boolean;
  /** Cron expression, in UTC: when a running engine or sidecar materializes the view. */
  readonly schedule?: string;
  readonly shape: "latest" | "window";
  readonly features: readonly (RowFeature | WindowFeature)[];
}

/** Computed from other features and the request, after them. Expressions name features and request columns. */
export interface OnDemandView extends Described {
  readonly kind: "on_demand_view";
  readonly inputs: readonly FeatureView[];
  readonly request: readonly Column[];
  readonly features: readonly RowFeature[];
}

export interface ServiceFeature {
  /** The output column. */
  readonly name: string;
  readonly view: FeatureView | OnDemandView;
  readonly feature: RowFeature | WindowFeature;
}

export interface FeatureService extends Described {
  readonly features: readonly ServiceFeature[];
  /** Names that come from more than one view: only training sets with full names can tell them apart. */
  readonly ambiguous: readonly string[];
  /** Every join key the service needs, each once, in order of first use. */
  readonly keys: readonly Column[];
  /** Every request column its on-demand views need. */
  readonly request: readonly Column[];
}

export interface Model extends Described {
  readonly service: FeatureService;
  readonly task: "binary_classification" | "multiclass_classification" | "regression" | "embedding";
  readonly output: { readonly name: string; readonly class?: number };
  /** Fill value per service feature, for nulls; float inputs without one get NaN. */
  readonly fill: Readonly<Record<string, number | string | boolean>>;
}

export interface PipelineInput {
  readonly service: FeatureService;
  /** Path relative to the project's root, or SQL over the project's files. */
  readonly labels: { readonly path: string } | { readonly sql: string };
  readonly time: string;
}

export type PipelineOutput =
  { readonly kind: "model"; readonly model: Model; readonly file: string } | { readonly kind: "file"; readonly file: string };

export interface Pipeline extends Described {
  /** `{inputs.x}`, `{outputs.x}`, `{parameters.x}` stand for paths and values. */
  readonly command: readonly string[];
  readonly inputs: Readonly<Record<string, PipelineInput>>;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly outputs: Readonly<Record<string, PipelineOutput>>;
  /** Files (globs) whose digests belong to the run's code, beside the command's own script. */
  readonly code: readonly string[];
  /** A pip requirements file with hashes; the run makes a venv from it and puts it first in PATH. */
  readonly requirements?: string;
}

export interface Monitor extends Described {
  readonly service: FeatureService;
  readonly reference: string;
  /** Microseconds. */
  readonly window: bigint;
}

export type Target =
  | { readonly name: string; readonly kind: "process"; readonly port: number }
  | { readonly name: string; readonly kind: "remote"; readonly url: string; readonly tokenEnv?: string };

export interface OnlineSettings {
  readonly store: "lmdb" | "redis";
  /** LMDB: its folder, relative to the project. */
  readonly path?: string;
  readonly url?: string;
  readonly cluster?: boolean;
  /** Nodes are `host:port`. Passwords are names of environment variables. */
  readonly sentinel?: {
    readonly name: string;
    readonly nodes: readonly string[];
    readonly username?: string;
    readonly passwordEnv?: string;
  };
  /** File with the certificate authority's certificate, relative to the project. */
  readonly ca?: string;
  readonly username?: string;
  readonly passwordEnv?: string;
}

/** The project with every reference resolved and every expression typed. Pure data; maps keep declaration order. */
export interface BoundProject {
  readonly name: string;
  readonly offline: { readonly engine: "duckdb" | "spark" | "clickhouse"; readonly url?: string };
  readonly online: OnlineSettings;
  readonly targets: ReadonlyMap<string, Target>;
  readonly entities: ReadonlyMap<string, Entity>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly views: ReadonlyMap<string, FeatureView | OnDemandView>;
  readonly services: ReadonlyMap<string, FeatureService>;
  readonly models: ReadonlyMap<string, Model>;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly monitors: ReadonlyMap<string, Monitor>;
  /** SHA-256 (hex) of the definitions' canonical form: same meaning, same digest. */
  readonly digest: string;
}
