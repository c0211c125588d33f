import { damaged, decoding, kinds, onlyBlock, pack, readPart, unpack, writePart, type PartReader } from "./encoding.js";
import { flatten } from "./families.js";
import type { KeyLayout } from "./key-layout.js";
import type { Bytes } from "./key-value-store.js";
import { slots, type Extra, type Rows } from "./tile-rows.js";

/** One row of states somewhere. */
export interface TileRow {
  readonly rows: Rows;
  readonly row: number;
}

/** Tiles of one width in order of time. Their numbers count from the start of the wider tile, at the head from the epoch. */
export interface Directory {
  readonly count: number;
  readonly rows: Rows;
}

export function encodeDirectory(layout: KeyLayout, tiles: readonly TileRow[]): Bytes {
  const { stride } = layout;
  const floats = new Float64Array(tiles.length * stride);
  for (const [index, { rows, row }] of tiles.entries())
    floats.set(rows.floats.subarray(row * stride, (row + 1) * stride), index * stride);
  const blocks: Bytes[] = [new Uint8Array(floats.buffer)];
  if (layout.extras > 0) {
    const packed = tiles.map(({ rows, row }) => pack(rows.extras(row).map(stored)));
    blocks.push(new Uint8Array(Uint32Array.from(packed, ({ length }) => length).buffer), ...packed);
  }
  return writePart(kinds.directory, tiles.length, blocks);
}

const stored = (extra: Extra): unknown => (extra instanceof Map ? flatten(extra) : extra);

export function decodeDirectory({ stride, extras }: KeyLayout, part: PartReader): Directory {
  const { count, floats, words, bytes } = part;
  const start = part.at;
  const end = start + count * stride;
  if (part.kind !== kinds.directory || end > floats.length) throw damaged();
  const rows = floats.subarray(start, end);
  if (extras === 0) return { count, rows: { floats: rows, extras: () => [] } };
  const places: number[] = [];
  let place = end * 8 + ((count * 4 + 7) & ~7);
  for (let row = 0; row < count; row++) {
    places.push(place);
    place += ((words[end * 2 + row] ?? 0) + 7) & ~7;
  }
  if (place !== bytes.length) throw damaged();
  const known = new Array<Extra[] | undefined>(count);
  return {
    count,
    rows: {
      floats: rows,
      extras(row) {
        const found = known[row];
        if (found !== undefined) return found;
        const from = places[row] ?? 0;
        const decoded = decoding(() => unpack(bytes.subarray(from, from + (words[end * 2 + row] ?? 0))));
        known[row] = decoded;
        return decoded;
      },
    },
  };
}

/** The name of a tile's part. */
export const tileName = (width: number, number: bigint): string => `${width.toString(32)}.${number.toString(32)}`;

/** The name of the part that holds a multiset of a tile. */
export const multisetName = (tile: string, extra: number): string => `${tile}m${extra}`;

/**
 * Whether a tile's multisets are with it; true stands for one in a part of its own, and false for one that grew too
 * large, so that the tile must be opened.
 */
export function multisetsOf({ multisets }: KeyLayout, rows: Rows, row: number): "here" | "apart" | "unknown" {
  let found: "here" | "apart" = "here";
  for (const extra of multisets) {
    const counts = rows.extras(row)[extra];
    if (counts === false) return "unknown";
    if (counts === true) found = "apart";
  }
  return found;
}

export function decodeMultiset(bytes: Bytes | undefined): Extra {
  if (bytes === undefined) throw damaged();
  const part = readPart(bytes);
  if (part.kind !== kinds.multiset) throw damaged();
  return decoding(() => unpack(onlyBlock(part)));
}

export const tileCount = (layout: KeyLayout, { rows, row }: TileRow): number =>
  rows.floats[row * layout.stride + slots.count] ?? 0;
