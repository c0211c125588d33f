import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";
import { damaged, decoding, kinds, onlyBlock, pack, readPart, unpack, writePart } from "./encoding.js";
import type { Bytes, KeyWork, PartChange } from "./key-value-store.js";
import { visibleAt } from "./leaf.js";
import { cutOff, type OnlineView } from "./online-view.js";

/** One version of a latest row, as it became known. */
export interface LatestVersion {
  /** Microseconds. */
  readonly event: bigint;
  /** `known_at` or the tie-break column, whichever the source orders by after event time. */
  readonly tie: Value;
  /** Microseconds. */
  readonly known: bigint;
  /** By feature of the view. */
  readonly values: readonly Value[];
}

/** The order of contracts §3.2. */
export function compareVersions(a: LatestVersion, b: LatestVersion): number {
  return compareValues(a.event, b.event) || compareValues(a.tie, b.tie) || compareValues(a.values, b.values);
}

/** The latest row of a key at `t`, "unseen" where none is visible. Throws `failed` for damaged bytes. */
export function* readLatest({ view }: OnlineView, t: bigint): KeyWork<LatestVersion | undefined> {
  const { c, knownUntil } = cutOff(view, t);
  const [head] = yield [""];
  let best: LatestVersion | undefined;
  for (const version of decodeVersions(head)) {
    const happened = view.refresh === undefined ? version.event <= t : version.event < c;
    if (happened && version.known <= knownUntil && (best === undefined || compareVersions(version, best) > 0)) best = version;
  }
  return best;
}

export interface VersionChange {
  /** Stored versions that became visible later are dropped first; "all" keeps every one, undefined none. */
  readonly keepUntil: bigint | "all" | undefined;
  /** In any order. */
  readonly rows: readonly LatestVersion[];
  /** The moment up to which the view is brought. */
  readonly until: bigint;
}

/** Keeps the version that is the answer at `until`, and the better ones that are not yet in. */
export function* rewriteLatest(online: OnlineView, { keepUntil, rows, until }: VersionChange): KeyWork<readonly PartChange[]> {
  const { view } = online;
  const { c, knownUntil } = cutOff(view, until);
  const [head] = keepUntil === undefined ? [] : yield [""];
  const before =
    keepUntil === undefined
      ? []
      : decodeVersions(head).filter((version) => keepUntil === "all" || visibleAt(version) <= keepUntil);
  const all = [...before, ...rows].sort((a, b) => compareVersions(b, a) || compareValues(a.known, b.known));
  const isIn = (version: LatestVersion): boolean =>
    view.refresh === undefined
      ? version.event <= until && version.known <= until
      : version.event < c && version.known <= knownUntil;
  const winner = all.find(isIn);
  // Versions worse than the winner can never win again; those not yet in may, after the next cut-off.
  const kept = all.filter(
    (version, index) =>
      version === winner ||
      (!isIn(version) &&
        (winner === undefined || compareVersions(version, winner) > 0) &&
        !all.slice(0, index).some((other) => other.known === version.known && compareVersions(other, version) === 0)),
  );
  return [{ part: "", value: kept.length === 0 ? undefined : encodeVersions(kept) }];
}

function encodeVersions(versions: readonly LatestVersion[]): Bytes {
  return writePart(kinds.latest, versions.length, [
    pack(versions.map(({ event, known, tie, values }) => [event, known, tie, values])),
  ]);
}

function decodeVersions(bytes: Bytes | undefined): LatestVersion[] {
  if (bytes === undefined) return [];
  const part = readPart(bytes);
  if (part.kind !== kinds.latest) throw damaged();
  return decoding(() =>
    // `encodeVersions` wrote these, and the checksum says so.
    (unpack(onlyBlock(part)) as unknown as [bigint, bigint, Value, Value[]][]).map(([event, known, tie, values]) => ({
      event,
      known,
      tie,
      values,
    })),
  );
}
