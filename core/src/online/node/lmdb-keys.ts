import { createHash } from "node:crypto";

/**
 * Names in the LMDB file. A space is 16 bytes of its name's digest. Entries are `d`, space, length of the key, key, part;
 * a text that is long or holds half a surrogate pair is there by digest, and its key's text in an entry of its own.
 * Records are `r`, space; a space whose removal began has `x`, space.
 */
const longestKey = 512;
const longestPart = 1024;
const digested = 0xffff;
const digestSize = 32;
/** Not to be told apart in UTF-8. */
const halfSurrogate = /\p{Surrogate}/u;

const digest = (text: string): Buffer => createHash("sha256").update(text, "utf16le").digest();

export interface KeyName {
  /** Of the head; a part's name begins with it. */
  readonly name: Buffer;
  /** Under this stands the key's text, where `name` does not tell it. */
  readonly textName: Buffer | undefined;
}

const spaceDigests = new Map<string, Buffer>();

function spaceDigest(space: string): Buffer {
  let found = spaceDigests.get(space);
  if (found === undefined) {
    if (spaceDigests.size > 10_000) spaceDigests.clear();
    found = digest(space).subarray(0, 16);
    spaceDigests.set(space, found);
  }
  return found;
}

export const recordName = (space: string): Buffer => Buffer.concat([Buffer.from("r"), spaceDigest(space)]);
export const dropName = (space: string): Buffer => Buffer.concat([Buffer.from("x"), spaceDigest(space)]);
/** Before and after all names that begin with these bytes. */
export const rangeOf = (prefix: Buffer): { readonly start: Buffer; readonly end: Buffer } => {
  const end = Buffer.from(prefix);
  // No prefix here ends with 0xff alone: they begin with a letter.
  for (let at = end.length - 1; ; at--) {
    const next = ((end[at] ?? 0) + 1) & 0xff;
    end[at] = next;
    if (next !== 0) return { start: prefix, end };
  }
};

export const entriesPrefix = (space: string): Buffer => Buffer.concat([Buffer.from("d"), spaceDigest(space)]);
export const textsPrefix = (space: string): Buffer => Buffer.concat([Buffer.from("t"), spaceDigest(space)]);

const prefixSize = 1 + 16 + 2;

export function keyName(space: string, key: string): KeyName {
  const size = key.length > longestKey ? longestKey + 1 : Buffer.byteLength(key);
  if (size <= longestKey && !halfSurrogate.test(key)) {
    const name = Buffer.allocUnsafe(prefixSize + size);
    name[0] = 0x64;
    spaceDigest(space).copy(name, 1);
    name.writeUInt16BE(size, 17);
    name.write(key, prefixSize);
    return { name, textName: undefined };
  }
  const hash = digest(key);
  const length = Buffer.from([digested >> 8, digested & 0xff]);
  return {
    name: Buffer.concat([entriesPrefix(space), length, hash]),
    textName: Buffer.concat([textsPrefix(space), hash]),
  };
}

export function partName({ name }: KeyName, part: string): Buffer {
  if (part === "") return name;
  if (part.length <= longestPart / 3 && !halfSurrogate.test(part)) return Buffer.concat([name, Buffer.from(`=${part}`)]);
  return Buffer.concat([name, Buffer.from("#"), digest(part)]);
}

/** The key's own name, its text or the name under which its text stands, of the name of any of its parts. */
export function keyOfEntry(entry: Buffer): { readonly name: Buffer; readonly key: string | { readonly textName: Buffer } } {
  const length = entry.readUInt16BE(17);
  const end = prefixSize + (length === digested ? digestSize : length);
  const own = entry.subarray(prefixSize, end);
  if (length !== digested) return { name: entry.subarray(0, end), key: own.toString() };
  return {
    name: entry.subarray(0, end),
    key: { textName: Buffer.concat([Buffer.from("t"), entry.subarray(1, 17), own]) },
  };
}
