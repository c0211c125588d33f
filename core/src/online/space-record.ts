import type { SpaceRecord } from "./key-value-store.js";

/** A space's record as a store keeps it: JSON, whose integers beyond 2^53 are strings. */
export function writeSpaceRecord(record: SpaceRecord): string {
  const { project, view, materializedUntil, unfinishedUntil, streamPosition, lastUsed } = record;
  return JSON.stringify({
    project,
    view,
    materializedUntil: materializedUntil?.toString(),
    unfinishedUntil: unfinishedUntil?.toString(),
    streamPosition: streamPosition?.toString(),
    lastUsed: lastUsed.toString(),
  });
}

/** Throws where the text is not what `writeSpaceRecord` wrote. */
export function readSpaceRecord(text: string): SpaceRecord {
  const found = JSON.parse(text) as Record<string, unknown>;
  const { project, view, materializedUntil, unfinishedUntil, streamPosition, lastUsed } = found;
  if (typeof project !== "string" || typeof view !== "string" || typeof lastUsed !== "string")
    throw new TypeError(`This is no record of a space: ${text.slice(0, 200)}`);
  return {
    project,
    view,
    ...(typeof materializedUntil === "string" ? { materializedUntil: BigInt(materializedUntil) } : {}),
    ...(typeof unfinishedUntil === "string" ? { unfinishedUntil: BigInt(unfinishedUntil) } : {}),
    ...(typeof streamPosition === "string" ? { streamPosition: BigInt(streamPosition) } : {}),
    lastUsed: BigInt(lastUsed),
  };
}
