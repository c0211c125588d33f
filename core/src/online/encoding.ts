import { Packr } from "msgpackr";

import { SkewproofError } from "../errors.js";
import type { Value } from "../values/value.js";
import type { Bytes } from "./key-value-store.js";

/** Version of everything below; another one is another space. */
export const FORMAT = 2;

/** What a part holds. */
export const kinds = { latest: 1, leaf: 2, directory: 3, multiset: 4 } as const;
export type PartKind = (typeof kinds)[keyof typeof kinds];

/** `S`, `P`, the version, the kind; then a checksum of the rest, how many things are in it, how many zeros end it. */
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

/** The bytes of a part's only block. */
export const onlyBlock = ({ bytes, words, at }: PartReader): Bytes => bytes.subarray(at * 8, bytes.length - (words[3] ?? 0));

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
  words[3] = -(blocks.at(-1)?.length ?? 0) & 7;
  words[1] = checksum(words);
  return bytes;
}

/** Throws `failed` for bytes that `writePart` did not write. */
export function readPart(part: Bytes): PartReader {
  if (part.length < headerBytes || part.length % 8 !== 0) throw damaged();
  // Not slice: a Buffer's does not copy.
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

/** Four polynomials over every fourth word, as one would wait for each multiplication. Words come in pairs. */
function checksum(words: Uint32Array): number {
  let [a, b, c, d] = [words.length ^ (words[0] ?? 0), 1, 2, 3];
  let index = 2;
  // The loops stay within the array.
  for (; index + 3 < words.length; index += 4) {
    a = (Math.imul(a, prime) + (words[index] as number)) | 0;
    b = (Math.imul(b, prime) + (words[index + 1] as number)) | 0;
    c = (Math.imul(c, prime) + (words[index + 2] as number)) | 0;
    d = (Math.imul(d, prime) + (words[index + 3] as number)) | 0;
  }
  for (; index < words.length; index++) a = (Math.imul(a, prime) + (words[index] as number)) | 0;
  return (a ^ Math.imul(b, 3) ^ Math.imul(c, 5) ^ Math.imul(d, 7)) >>> 0;
}

const prime = 0x01000193;

/** Runs a decoding; what it throws becomes `failed`. */
export function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof SkewproofError ? error : damaged(error);
  }
}
