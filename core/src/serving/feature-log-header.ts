import type { BoundProject, FeatureService } from "../registry/bound-project.js";
import { snapshotEntries } from "../registry/snapshot.js";
import { canonicalJson } from "../runs/canonical-json.js";
import type { Column } from "../values/value-type.js";
import { featureLogColumns } from "./feature-log-columns.js";

/** What holds for every row of a log's file: the first line of a tail, the `skewproof` metadata of a Parquet file. */
export interface LogHeader {
  readonly format: 1;
  readonly service: string;
  /** The project's digest. */
  readonly definitions: string;
  /** Share of entities whose rows are logged, above 0 and at most 1. */
  readonly sample: number;
  readonly columns: readonly Column[];
  /** By feature: canonical text of all definitions that its value follows from. */
  readonly meanings: Readonly<Record<string, string>>;
}

export function logHeader(project: BoundProject, service: FeatureService, sample: number): LogHeader {
  return {
    format: 1,
    service: service.name,
    definitions: project.digest,
    sample,
    columns: featureLogColumns(service),
    meanings: featureMeanings(project, service),
  };
}

/** By feature of the service: canonical text of every definition that its value follows from. */
export function featureMeanings(project: BoundProject, service: FeatureService): Record<string, string> {
  const entries = snapshotEntries(project);
  return Object.fromEntries(
    service.features.map(({ name, view, feature }) => {
      const meanings: Record<string, unknown> = {};
      const pending = [`feature ${view.name}.${feature.name}`];
      for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
        const entry = entries[id];
        // A source's column has no entry, nor has what was seen before a second turn.
        if (entry === undefined || id in meanings) continue;
        meanings[id] = withoutRules(entry.meaning);
        pending.push(...entry.reads);
      }
      return [name, canonicalJson(meanings)];
    }),
  );
}

/** What is expected of values, and who may see them, changes no value. */
function withoutRules(meaning: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(meaning).filter(([key]) => key !== "expect" && key !== "pii"));
}
