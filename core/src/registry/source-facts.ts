import type { Column } from "../values/value-type.js";

/** What was read of a source's data. */
export interface SourceFacts {
  readonly columns: readonly Column[];
  /** The least and the greatest event time, in microseconds; absent where it was not cheap to know. */
  readonly history?: { readonly from: bigint; readonly to: bigint };
  /** By column of times: the share of rows, of the first 100,000, in which it lies after the event time. */
  readonly later?: Readonly<Record<string, number>>;
}

/** Facts by source name, or the sentence that says why it could not be read. */
export type Facts = ReadonlyMap<string, SourceFacts | string>;

/** Columns by `labelsKey`, of labels that could be read. */
export type LabelColumns = ReadonlyMap<string, readonly Column[]>;

/** One text for one place of labels. */
export const labelsKey = (labels: string | { readonly sql: string }): string =>
  typeof labels === "string" ? labels : `sql ${labels.sql}`;
