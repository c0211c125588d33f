/** A cell as case files write it: times and decimals as text, whole numbers exact, lists as lists, null where nothing is. */
export type Cell = string | number | bigint | boolean | null | readonly Cell[];

/** Columns in order, name to type; `int32`, `float32`, `timestamptz` and `bytes` are possible beside the types of contracts §1. */
export interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly Cell[])[];
}

export interface FeatureText {
  readonly name: string;
  readonly type: string;
  readonly expression?: string;
  readonly aggregate?: string;
  readonly window?: string;
  readonly default?: Cell;
}

/** A definition as YAML would hold it. Only what cases use is named; every feature declares its type. */
export type DefinitionText =
  | { readonly kind: "entity"; readonly keys: readonly { readonly name: string; readonly type: string }[] }
  | {
      readonly kind: "source";
      readonly path?: string;
      readonly query?: string;
      readonly event_time?: string;
      readonly known_at?: string;
      readonly tie_break?: string;
    }
  | {
      readonly kind: "feature_view";
      readonly entity?: string;
      readonly entities?: readonly string[];
      readonly source: string;
      readonly keys?: Readonly<Record<string, string>>;
      readonly ttl?: string;
      readonly refresh?: { readonly every: string; readonly delay?: string };
      readonly features: readonly FeatureText[];
    }
  | {
      readonly kind: "on_demand_view";
      readonly inputs?: readonly string[];
      readonly request?: Readonly<Record<string, string>>;
      readonly features: readonly FeatureText[];
    }
  | { readonly kind: "feature_service"; readonly features: readonly string[] };

interface CaseOptions {
  readonly service: string;
  readonly time: string;
  readonly features?: readonly string[];
  readonly full_names?: boolean;
}

/** One question to an offline engine: a project, labels, and how they are asked for. */
export interface Question {
  readonly definitions: Readonly<Record<string, DefinitionText>>;
  /** The rows of each source, by its name. */
  readonly sources: Readonly<Record<string, Table>>;
  readonly labels: Table;
  /** The labels' file, relative to the project. */
  readonly labelsFile: string;
  /** SQL that gives the labels instead of the file's name. */
  readonly labelsSql?: string;
  readonly options: CaseOptions;
}

export interface Case extends Question {
  readonly id: string;
  readonly title: string;
  /** Whether the built command line is asked too. */
  readonly commandLine: boolean;
  /** Why today's engine gets it wrong; the runner insists that it does. */
  readonly failsToday?: string;
  readonly expected: Table["rows"] | { readonly codes: readonly string[]; readonly message: string };
}
