import type { Value } from "../values/value.js";
import type { OnlineView } from "./online-view.js";

/** One version of a latest row, as it became known. */
export interface LatestVersion {
  readonly event: bigint;
  /** `known_at` or the tie-break column, whichever the source orders by after event time. */
  readonly tie: Value;
  readonly known: bigint;
  /** By feature of the view. */
  readonly values: readonly Value[];
}

/** Events of one key, by column, in the order event time, tie, operands. */
export interface EventChunk {
  readonly events: readonly bigint[];
  readonly known: readonly bigint[];
  readonly ties: readonly Value[];
  /** By operand of the online view, then by row. */
  readonly operands: readonly (readonly Value[])[];
}

/** What the read path needs of a store; synchronous, since an embedded store answers in microseconds. */
export interface OnlineStoreReader {
  /** Versions of a key's latest row that may be the answer now or after the next cut-off; empty for an unknown key. */
  latest(view: OnlineView, key: string): readonly LatestVersion[];
  /** Chunks that hold the events of `[from, to)`, in order of time. */
  events(view: OnlineView, key: string, from: bigint | "unbounded", to: bigint): readonly EventChunk[];
  /** The moment up to which the view is materialized; undefined when it never was. */
  materializedUntil(view: OnlineView): bigint | undefined;
}
