import { toJsonValue } from "../values/json-value.js";
import type { Row } from "../values/value.js";
import type { Column } from "../values/value-type.js";

/**
 * Whether an entity is in the sample: by its keys alone, so that all of its rows are or none, in every process and on
 * every day. The hash is FNV-1a over the keys' JSON, finished as MurmurHash3 does, since FNV's high bits are weak.
 */
export function isInSample(keys: readonly Column[], entities: Row, share: number): boolean {
  if (share >= 1) return true;
  const text = JSON.stringify(keys.map(({ name, type }) => toJsonValue(entities[name] ?? null, type)));
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 < share;
}
