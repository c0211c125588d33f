import { Packr } from "msgpackr";

import { SkewproofError } from "../errors.js";
import type { Value } from "../values/value.js";
import type { Bytes } from "./key-value-store.js";

/** Version of everything below; another one is another space. */
export const FORMAT = 2;

/** What a part holds. */
export const kinds = { latest: 1, leaf: 2, directory: 3, multiset: 4 } as const;
export type PartKind = (typeof kinds)[keyof typeof kinds];

/** `S`, `P`, the version, the kind; then a checksum of the rest, how many things are in it, and nothing. */
const headerBytes = 16;
const signature = (kind: PartKind): number => (0x53 | (0x50 << 8) | (FORMAT << 16) | (kind << 24)) >>> 0;

const packr = new Packr({ useRecords: false, int64AsType: "bigint", useBigIntExtension: true, copyBuffers: true });

/** Values of any type, one msgpack array. */
export function pack(values: readonly unknown[]): Bytes {
  // Pure code knows no Buffer; it is a Uint8Array.
  return packr.pack(values) as Bytes;
}

export function unpack(bytes: Bytes): Value[] {
  const values: unknown = packr.unpack(bytes);
  if (!Array.isArray(values)) throw damaged();
  return values as Value[];
}

export const damaged = (cause?: unknown): SkewproofError =>
  new SkewproofError(
    "failed",
    "The online store holds bytes that are damaged or of another version. Materialize the view again: `skewproof materialize --full`.",
    { cause },
  );

/** A part that is being read; everything in it begins at a multiple of 8 bytes. */
export interface PartReader {
  readonly kind: PartKind;
  readonly count: number;
  readonly bytes: Bytes;
  readonly words: Uint32Array;
  readonly floats: Float64Array;
  /** Where the next block begins, in units of 8 bytes. */
  at: number;
}

/** A part from its blocks, each of which is put at a multiple of 8 bytes. */
export function writePart(kind: PartKind, count: number, blocks: readonly Bytes[]): Bytes {
  let length = headerBytes;
  for (const block of blocks) length += (block.length + 7) & ~7;
  const bytes = new Uint8Array(length);
  let at = headerBytes;
  for (const block of blocks) {
    bytes.set(block, at);
    at += (block.length + 7) & ~7;
  }
  const words = new Uint32Array(bytes.buffer);
  words[0] = signature(kind);
  words[2] = count;
  words[1] = checksum(words);
  return bytes;
}

/** Throws `failed` for bytes that `writePart` did not write. */
export function readPart(part: Bytes): PartReader {
  if (part.length < headerBytes || part.length % 8 !== 0) throw damaged();
  const bytes = part.byteOffset % 8 === 0 ? part : new Uint8Array(part);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const kind = ((words[0] ?? 0) >>> 24) as PartKind;
  if (words[0] !== signature(kind) || words[1] !== checksum(words)) throw damaged();
  return {
    kind,
    count: words[2] ?? 0,
    bytes,
    words,
    floats: new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8),
    at: headerBytes / 8,
  };
}

/** Two running sums over the words from the third on, so that a flipped bit or a swapped word shows. */
function checksum(words: Uint32Array): number {
  let [a, b] = [words.length, 0];
  for (let index = 2; index < words.length; index++) {
    // The loop stays within the array.
    a = (a + (words[index] as number)) | 0;
    b = (b + a) | 0;
  }
  return (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
}

/** Runs a decoding; what it throws becomes `failed`. */
export function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof SkewproofError ? error : damaged(error);
  }
}
