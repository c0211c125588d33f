import type { Value } from "../values/value.js";
import type { KeyWork, PartChange } from "./key-value-store.js";
import { rewriteLatest } from "./latest-versions.js";
import type { OnlineView } from "./online-view.js";
import { rewriteEvents } from "./rewrite-events.js";

export interface WriteMode {
  /**
   * What is stored and became visible later is dropped first, so that the same rows may come again (a repeated
   * materialization); "all" drops nothing (a push), undefined everything (a full rewrite).
   */
  readonly keepUntil: bigint | "all" | undefined;
  /** Microseconds: the moment up to which the view is brought. */
  readonly until: bigint;
}

/**
 * Brings a key up to `until`. A row is event time, moment it became known, tie (`known_at` or the tie-break column),
 * then the view's features, or a window view's operands. Throws `failed` for damaged bytes.
 */
export function writeKey(
  online: OnlineView,
  rows: readonly (readonly Value[])[],
  { keepUntil, until }: WriteMode,
): KeyWork<readonly PartChange[]> {
  // The first two of a row are moments.
  const moments = (row: readonly Value[]): { event: bigint; known: bigint; tie: Value } => ({
    event: row[0] as bigint,
    known: row[1] as bigint,
    tie: row[2] ?? null,
  });
  if (online.view.shape === "latest")
    return rewriteLatest(online, {
      keepUntil,
      until,
      rows: rows.map((row) => ({ ...moments(row), values: row.slice(3) })),
    });
  const { operands } = online.layout;
  return rewriteEvents(online.layout, {
    keepUntil,
    oldest: online.retention === "unbounded" ? undefined : until - online.retention,
    rows: rows.map((row) => ({
      ...moments(row),
      operands: operands.map(({ presence }, index) => {
        const value = row[index + 3] ?? null;
        return presence && value !== null ? true : value;
      }),
    })),
  });
}
