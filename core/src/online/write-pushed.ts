import type { Value } from "../values/value.js";
import type { Bytes, KeyWork, PartChange } from "./key-value-store.js";
import type { OnlineView } from "./online-view.js";
import { writeKey } from "./write-key.js";

/** A row of a stream as the store takes it. */
export interface PushedRow {
  /** Its number in the stream's log. */
  readonly position: bigint;
  /** As `writeKey` takes it. */
  readonly row: readonly Value[];
}

/** The part that holds how far in the stream's log a key is. */
const positionPart = "p";

/**
 * Adds rows of a stream to a key. A key remembers the last position it took, so that rows that come again, after a crash
 * between the keys and the space's record or from two processes at once, are not taken twice. Rows come by rising
 * position, and none may be left out between two calls. `until` is the server's moment, microseconds.
 */
export function* writePushed(online: OnlineView, rows: readonly PushedRow[], until: bigint): KeyWork<readonly PartChange[]> {
  const [bytes] = yield [positionPart];
  const taken = bytes === undefined ? 0n : readPosition(bytes);
  const fresh = rows.filter(({ position }) => position > taken);
  const last = fresh.at(-1);
  if (last === undefined) return [];
  const changes = yield* writeKey(
    online,
    fresh.map(({ row }) => row),
    { keepUntil: "all", until },
  );
  return [...changes, { part: positionPart, value: writePosition(last.position) }];
}

function writePosition(position: bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, position, true);
  return bytes;
}

const readPosition = (bytes: Bytes): bigint => new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
