import type { Parsed } from "../../definitions/parse-definitions.js";
import type { Kind } from "../../definitions/schemas.js";
import type { BoundProject, FeatureView } from "../bound-project.js";
import type { ModelReader } from "../dependents.js";
import type { Report } from "../report.js";
import type { Snapshot } from "../snapshot.js";
import type { Facts, LabelColumns } from "../source-facts.js";

/** What was applied and registered before. */
export interface History {
  /** What was applied last. */
  readonly applied?: Snapshot;
  readonly versions: readonly ModelReader[];
  /** What was applied with that digest of the definitions. */
  readonly appliedAs: (definitions: string) => Snapshot | undefined;
  /** Why the record of it cannot be read. */
  readonly damage?: string;
}

/** What the rules beyond validity look at. */
export interface Findings extends History {
  readonly project: Omit<BoundProject, "digest">;
  readonly sources: Facts;
  readonly labels: LabelColumns;
  readonly report: Report;
  /** The document that a bound definition came from. */
  readonly documentOf: <K extends Kind>(kind: K, name: string) => Parsed<K> | undefined;
}

/** Every feature view with its document. */
export function* featureViews({ project, documentOf }: Findings): Iterable<readonly [FeatureView, Parsed<"feature_view">]> {
  for (const view of project.views.values()) {
    if (view.kind !== "feature_view") continue;
    const at = documentOf("feature_view", view.name);
    if (at !== undefined) yield [view, at];
  }
}

interface ViewDocument {
  readonly definition: { readonly features: readonly { readonly name: string }[] };
}

/** The path of a feature in its view's document. */
export function featurePath(at: ViewDocument, name: string): readonly (string | number)[] {
  return ["features", at.definition.features.findIndex((feature) => feature.name === name)];
}

/** Where the text of a feature's meaning stands: its expression, its aggregate, or the name of its column. */
export function meaningPath(at: ViewDocument, name: string): readonly (string | number)[] {
  const path = featurePath(at, name);
  const written = at.definition.features.find((feature) => feature.name === name) ?? {};
  return [...path, "aggregate" in written ? "aggregate" : "expression" in written ? "expression" : "name"];
}
