import type { Value } from "../values/value.js";
import type { KeyWork } from "./key-value-store.js";
import { readLatest } from "./latest-versions.js";
import { cutOff, type OnlineView } from "./online-view.js";
import { readWindows } from "./read-windows.js";

/** Feast's words for what became of a value. */
export type Status = "PRESENT" | "NULL_VALUE" | "NOT_FOUND" | "OUTSIDE_MAX_AGE";

/** What was found of one feature. */
export interface Found {
  readonly value: Value;
  readonly status: Status;
  /** Of the row, or of the newest event in the window; null where there is none. */
  readonly eventTime: bigint | null;
}

export const missing: Found = { value: null, status: "NOT_FOUND", eventTime: null };

/** A view's features at `t`, from one key that has no null part. */
export function* readView(online: OnlineView, t: bigint): KeyWork<readonly Found[]> {
  const { view, layout } = online;
  const { c, knownUntil } = cutOff(view, t);
  if (view.shape === "window") {
    const { isStored, features } = yield* readWindows(layout, c, knownUntil);
    return features.map(({ value, newest }) => ({
      value,
      status: value !== null ? "PRESENT" : isStored ? "NULL_VALUE" : "NOT_FOUND",
      eventTime: newest,
    }));
  }
  const version = yield* readLatest(online, t);
  const fallback = (index: number): Value => view.features[index]?.default ?? null;
  if (version === undefined || (view.ttl !== undefined && c - version.event > view.ttl)) {
    const status = version === undefined ? "NOT_FOUND" : "OUTSIDE_MAX_AGE";
    return view.features.map((_, index) => ({ value: fallback(index), status, eventTime: version?.event ?? null }));
  }
  return version.values.map((value, index) => ({
    value: value ?? fallback(index),
    status: value === null ? "NULL_VALUE" : "PRESENT",
    eventTime: version.event,
  }));
}
