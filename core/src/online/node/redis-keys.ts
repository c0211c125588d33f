import { createHash } from "node:crypto";

/**
 * Names in Redis. `skewproof:SPACE:{TAG}` is a key's head, with `=PART` after it a further part, with `#` the key's text where
 * the tag is only its digest. SPACE is a digest of the space's name. The tag is of the key alone, so that in a cluster
 * all that is known of one entity lies in one slot.
 */
export interface RedisKeyNames {
  readonly head: string;
  readonly part: (part: string) => string;
  /** Where the key's text stands; undefined where the head's name tells it. */
  readonly text: string | undefined;
}

/** Every space and its record; and spaces whose removal began, with a token of who removes. One slot holds both. */
export const recordsName = "skewproof:{spaces}:records";
export const droppingName = "skewproof:{spaces}:dropping";

const prefixes = new Map<string, string>();

/** All of a space's names begin with this; nothing in it means anything in a pattern of SCAN. */
export function spacePrefix(space: string): string {
  let found = prefixes.get(space);
  if (found === undefined) {
    if (prefixes.size > 10_000) prefixes.clear();
    found = `skewproof:${digest(space)}:`;
    prefixes.set(space, found);
  }
  return found;
}

export function redisKeyNames(space: string, key: string): RedisKeyNames {
  const isPlain = plain.test(key);
  const head = `${spacePrefix(space)}{${isPlain ? key : `#${digest(key)}`}}`;
  return {
    head,
    part: (part) => (part === "" ? head : `${head}=${isWellFormed(part) ? part : `\u0000${digest(part)}`}`),
    text: isPlain ? undefined : `${head}#`,
  };
}

/** The key that a name is the head of, or the name where its text stands; undefined for the name of something else. */
export function keyOfHead(space: string, name: string): { readonly key: string } | { readonly text: string } | undefined {
  const start = spacePrefix(space).length;
  if (name.indexOf("}", start) !== name.length - 1) return undefined;
  const tag = name.slice(start + 1, -1);
  return tag.startsWith("#") ? { text: `${name}#` } : { key: tag };
}

/** The slot of a name with a tag: CRC-16/XMODEM of the tag, of 16,384. */
export function slotOf(name: string): number {
  const start = name.indexOf("{") + 1;
  const tag = Buffer.from(name.slice(start, name.indexOf("}", start)));
  let crc = 0;
  for (const byte of tag) crc = ((crc << 8) & 0xffff) ^ (crcTable[(crc >> 8) ^ byte] ?? 0);
  return crc % 16_384;
}

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  return crc;
});

/** Braces end a tag, `#` begins a digest, and half a surrogate pair cannot be told from another in UTF-8. */
const plain = /^(?!#)[^{}\p{Surrogate}]{1,200}$/u;

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const digest = (text: string): string => createHash("sha256").update(text, "utf16le").digest("base64url").slice(0, 22);
