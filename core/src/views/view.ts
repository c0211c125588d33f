import type { DriftReport } from "../drift/drift-report.js";
import type { TrainingSetManifest } from "../offline/training-set-manifest.js";
import type { ColumnProfile } from "../profiles/profile.js";
import type { SkewReport } from "../skew/skew-report.js";

/** The one type that notebooks, panels and pages draw; HTML, PNG and text stand beside it for every other reader. */
export const viewMimeType = "application/vnd.skewproof.view.v1+json";

export interface EngineStatus {
  readonly project: string;
  readonly root: string;
  readonly version: string;
  readonly pid: number;
  readonly errors: number;
  readonly warnings: number;
  readonly views: number;
  readonly features: number;
  readonly services: number;
  readonly models: number;
  readonly jobs: number;
}

export interface StatusView {
  readonly version: 1;
  readonly kind: "status";
  readonly status: EngineStatus;
}

export interface FeatureSummary {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
  readonly description: string | null;
  readonly models: readonly string[];
}

export interface FeaturesView {
  readonly version: 1;
  readonly kind: "features";
  readonly project: string;
  /** Only what contains this text in a name, description or owner. */
  readonly filter?: string;
  readonly services: readonly { readonly name: string; readonly owner: string | null; readonly views: readonly string[] }[];
  readonly views: readonly {
    readonly name: string;
    readonly owner: string | null;
    readonly description: string | null;
    readonly features: readonly FeatureSummary[];
  }[];
}

/** What a column looked like when a file was made. */
export interface Distribution {
  /** Relative to the project's root. */
  readonly file: string;
  /** When the file was written, ISO 8601. */
  readonly asOf: string;
  readonly rows: number;
  readonly column: ColumnProfile;
}

/** Finds a feature's distribution in the newest training set of any of these services; null in none. */
export type DistributionOf = (services: readonly string[], view: string, feature: string) => Distribution | null;

export interface FeatureView extends FeatureSummary {
  readonly version: 1;
  readonly kind: "feature";
  readonly view: string;
  readonly owner: string | null;
  readonly reads: readonly string[];
  readonly usedBy: readonly string[];
  readonly services: readonly string[];
  /** `line` is zero-based. */
  readonly defined: { readonly file: string; readonly line: number };
  /** Of the newest training set that holds it; null when none was made. */
  readonly distribution: Distribution | null;
}

export interface DriftView {
  readonly version: 1;
  readonly kind: "drift";
  readonly reference: string;
  readonly current: string;
  readonly report: DriftReport;
}

export interface SkewView {
  readonly version: 1;
  readonly kind: "skew";
  readonly report: SkewReport;
}

export interface TrainingSetView {
  readonly version: 1;
  readonly kind: "training_set";
  readonly path: string;
  readonly manifest: TrainingSetManifest;
}

export interface ModelsView {
  readonly version: 1;
  readonly kind: "models";
  readonly models: readonly {
    readonly name: string;
    readonly owner: string | null;
    readonly service: string;
    readonly task: string;
    /** The newest first; `run` is null for an imported file. */
    readonly versions: readonly { readonly version: string; readonly digest: string; readonly run: string | null }[];
  }[];
}

export interface DeploymentsView {
  readonly version: 1;
  readonly kind: "deployments";
  readonly targets: readonly {
    readonly name: string;
    readonly kind: string;
    /** What answers there, each model with its active version; null where nothing does. */
    readonly running: { readonly url: string; readonly models: Readonly<Record<string, string>> } | null;
  }[];
}

export type View =
  StatusView | FeaturesView | FeatureView | DriftView | SkewView | TrainingSetView | ModelsView | DeploymentsView;
