import type { Value } from "../values/value.js";
import {
  decodeDirectory,
  decodeMultiset,
  encodeDirectory,
  multisetName,
  tileCount,
  tileName,
  type TileRow,
} from "./directory.js";
import { damaged, kinds, pack, readPart, writePart } from "./encoding.js";
import { flatten, pairs } from "./families.js";
import { emptyRows, type KeyLayout } from "./key-layout.js";
import type { Bytes, KeyWork, PartChange } from "./key-value-store.js";
import {
  compareEvents,
  concatLeaves,
  decodeLeaf,
  encodeLeaf,
  eventsOf,
  lastVisible,
  leafOf,
  mergeEvents,
  momentAt,
  visibleAt,
  type Leaf,
  type StoredEvent,
} from "./leaf.js";
import { slots, type Extra, type Rows } from "./tile-rows.js";
import { together } from "./together.js";

export interface EventChange {
  /**
   * Stored events that became visible later are dropped first, so that the same rows may come again. "all" keeps every
   * event; undefined keeps none.
   */
  readonly keepUntil: bigint | "all" | undefined;
  /** In any order. */
  readonly rows: readonly StoredEvent[];
  /** Events before this moment need not be kept. */
  readonly oldest: bigint | undefined;
}

/**
 * Rewrites a key's events. Parts follow from the events alone, in whatever order and batches they came. Reads and writes
 * only the tiles that change and those above them.
 */
export function* rewriteEvents(layout: KeyLayout, change: EventChange): KeyWork<readonly PartChange[]> {
  const { keepUntil, oldest } = change;
  const fresh = change.rows.filter(({ event }) => oldest === undefined || event >= oldest).sort(compareEvents);
  const parts: Parts = new Map();
  const [bytes] = yield [""];
  const head = bytes === undefined ? undefined : readPart(bytes);
  let kept: readonly StoredEvent[];
  if (head?.kind === kinds.directory) {
    const tiles = tilesOf(layout, decodeDirectory(layout, head), 0n, layout.width);
    const stays = ({ start, width }: Tile): boolean =>
      keepUntil !== undefined && (oldest === undefined || start + (1n << BigInt(width)) > oldest);
    yield* together(tiles.filter((tile) => !stays(tile)).map((tile) => removeTile(layout, tile, parts)));
    const results = yield* rewriteTiles(layout, tiles.filter(stays), fresh, layout.width, keepUntil, parts);
    if (total(layout, results) > layout.sizes.leaf) {
      parts.set("", encodeDirectory(layout, numbered(layout, results, 0n)));
      return changesOf(parts);
    }
    kept = yield* unite(layout, results, parts);
  } else {
    const leaf = head === undefined || keepUntil === undefined ? undefined : decodeLeaf(layout, head);
    if (leaf !== undefined && isAppend(layout, leaf, fresh, change))
      return [{ part: "", value: encodeLeaf(layout, concatLeaves(layout, leaf, leafOf(layout, fresh))) }];
    const before = leaf === undefined ? [] : eventsOf(layout, leaf);
    kept = mergeEvents(stillThere(before, keepUntil, oldest), fresh);
  }
  if (kept.length === 0) parts.set("", undefined);
  else if (kept.length <= layout.sizes.leaf) parts.set("", encodeLeaf(layout, leafOf(layout, kept)));
  else {
    const results = yield* rewriteTiles(layout, [], kept, layout.width, keepUntil, parts);
    parts.set("", encodeDirectory(layout, numbered(layout, results, 0n)));
  }
  return changesOf(parts);
}

/** Whether the new events come after all others, which all stay, and still fit into one part. */
function isAppend(layout: KeyLayout, leaf: Leaf, fresh: readonly StoredEvent[], { keepUntil, oldest }: EventChange): boolean {
  const [first] = fresh;
  if (first === undefined || leaf.count + fresh.length > layout.sizes.leaf) return false;
  if (first.event <= momentAt(leaf.events, leaf.count - 1)) return false;
  if (oldest !== undefined && momentAt(leaf.events, 0) < oldest) return false;
  return keepUntil === "all" || (keepUntil !== undefined && lastVisible(leaf) <= keepUntil);
}

type Parts = Map<string, Bytes | undefined>;

const changesOf = (parts: Parts): PartChange[] => [...parts].map(([part, value]) => ({ part, value }));

/** A stored tile. */
interface Tile extends TileRow {
  readonly start: bigint;
  readonly width: number;
  readonly count: number;
}

/** A tile as it is after the change; its events and its multisets where they were at hand. */
interface Result extends Tile {
  readonly events?: readonly StoredEvent[];
  /** By multiset of the layout; false where it grew too large to be kept. */
  readonly counts?: readonly (Map<Value, number> | false)[];
}

const nameOf = ({ start, width }: { start: bigint; width: number }): string => tileName(width, start >> BigInt(width));

function tilesOf(layout: KeyLayout, directory: ReturnType<typeof decodeDirectory>, start: bigint, width: number): Tile[] {
  const { rows } = directory;
  return Array.from({ length: directory.count }, (_, row) => ({
    rows,
    row,
    start: start + (BigInt(rows.floats[row * layout.stride + slots.number] ?? 0) << BigInt(width)),
    width,
    count: tileCount(layout, { rows, row }),
  }));
}

const isRaw = (layout: KeyLayout, { count, width }: Tile): boolean => count <= layout.sizes.leaf || width === 0;

const narrower = (layout: KeyLayout, width: number): number => Math.max(0, width - layout.sizes.fan);

function stillThere(
  events: readonly StoredEvent[],
  keepUntil: EventChange["keepUntil"],
  oldest: bigint | undefined,
): readonly StoredEvent[] {
  return events.filter(
    (event) =>
      (oldest === undefined || event.event >= oldest) &&
      keepUntil !== undefined &&
      (keepUntil === "all" || visibleAt(event) <= keepUntil),
  );
}

const total = (layout: KeyLayout, results: readonly Tile[]): number => results.reduce((sum, { count }) => sum + count, 0);

/** The tiles of one width after the change: those that were there, those that get events; empty ones are gone. */
function* rewriteTiles(
  layout: KeyLayout,
  tiles: readonly Tile[],
  fresh: readonly StoredEvent[],
  width: number,
  keepUntil: EventChange["keepUntil"],
  parts: Parts,
): KeyWork<Result[]> {
  const byStart = new Map<bigint, { tile?: Tile; fresh: StoredEvent[] }>(tiles.map((tile) => [tile.start, { tile, fresh: [] }]));
  for (const event of fresh) {
    const start = (event.event >> BigInt(width)) << BigInt(width);
    const found = byStart.get(start);
    if (found === undefined) byStart.set(start, { fresh: [event] });
    else found.fresh.push(event);
  }
  const works = [...byStart]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([start, found]) =>
      found.tile === undefined
        ? buildTile(layout, start, width, found.fresh, parts)
        : rewriteTile(layout, found.tile, found.fresh, keepUntil, parts),
    );
  const results = yield* together(works);
  return results.filter((result) => result !== undefined);
}

function* rewriteTile(
  layout: KeyLayout,
  tile: Tile,
  fresh: readonly StoredEvent[],
  keepUntil: EventChange["keepUntil"],
  parts: Parts,
): KeyWork<Result | undefined> {
  const { start, width } = tile;
  if (fresh.length === 0 && !losesEvents(layout, tile, keepUntil)) return tile;
  removeMultisets(layout, tile, parts);
  const [bytes] = yield [nameOf(tile)];
  if (bytes === undefined) throw damaged();
  const part = readPart(bytes);
  if (isRaw(layout, tile)) {
    const before = stillThere(eventsOf(layout, decodeLeaf(layout, part)), keepUntil, undefined);
    return yield* buildTile(layout, start, width, mergeEvents(before, fresh), parts);
  }
  const inner = narrower(layout, width);
  const results = yield* rewriteTiles(
    layout,
    tilesOf(layout, decodeDirectory(layout, part), start, inner),
    fresh,
    inner,
    keepUntil,
    parts,
  );
  if (total(layout, results) > layout.sizes.leaf) return yield* joinTiles(layout, start, width, results, parts);
  return yield* buildTile(layout, start, width, yield* unite(layout, results, parts), parts);
}

function losesEvents({ stride }: KeyLayout, { rows, row, start }: Tile, keepUntil: EventChange["keepUntil"]): boolean {
  if (keepUntil === "all") return false;
  const visible = rows.floats[row * stride + slots.visible] ?? Infinity;
  return keepUntil === undefined || visible === Infinity || start + BigInt(visible) > keepUntil;
}

/** A tile of these events alone. */
function* buildTile(
  layout: KeyLayout,
  start: bigint,
  width: number,
  events: readonly StoredEvent[],
  parts: Parts,
): KeyWork<Result | undefined> {
  if (events.length === 0) {
    parts.set(nameOf({ start, width }), undefined);
    return undefined;
  }
  if (events.length > layout.sizes.leaf && width > 0) {
    // Nothing is stored below, so nothing is read.
    const results = yield* rewriteTiles(layout, [], events, narrower(layout, width), "all", parts);
    return yield* joinTiles(layout, start, width, results, parts);
  }
  const leaf = leafOf(layout, events);
  parts.set(nameOf({ start, width }), encodeLeaf(layout, leaf));
  const rows = emptyRows(layout, 1);
  foldLeaf(layout, rows, leaf);
  const newest = events.at(-1)?.event ?? start;
  const visible = events.reduce((latest, event) => (visibleAt(event) > latest ? visibleAt(event) : latest), newest);
  rows.floats[slots.count] = events.length;
  rows.floats[slots.newest] = Number(newest - start);
  // Beyond 2^51 no float would be sure to be exact: such a tile is always opened.
  rows.floats[slots.visible] = visible - start < 1n << 51n ? Number(visible - start) : Infinity;
  const counts = layout.multisets.map((extra) => rows.extras(0)[extra] as Map<Value, number>);
  for (const [index, extra] of layout.multisets.entries())
    // A larger one is counted from the events.
    if (packMultiset(counts[index], layout.sizes.multiset) === undefined) rows.extras(0)[extra] = false;
  return { rows, row: 0, start, width, count: events.length, events, counts };
}

/** A tile of narrower ones, with its directory. */
function* joinTiles(layout: KeyLayout, start: bigint, width: number, results: readonly Result[], parts: Parts): KeyWork<Result> {
  parts.set(nameOf({ start, width }), encodeDirectory(layout, numbered(layout, results, start)));
  const rows = emptyRows(layout, 1);
  let visible = 0;
  for (const result of results) {
    const at = result.row * layout.stride;
    const { floats } = result.rows;
    const inside = Number(result.start - start);
    rows.floats[slots.newest] = inside + (floats[at + slots.newest] ?? 0);
    visible = Math.max(visible, inside + (floats[at + slots.visible] ?? 0));
    for (const { families } of layout.operands)
      for (const { merge } of families) merge(rows, 0, result.rows, result.row, result.row + 1);
  }
  const count = total(layout, results);
  rows.floats[slots.count] = count;
  rows.floats[slots.visible] = visible < 2 ** 51 ? visible : Infinity;
  const counts: (Map<Value, number> | false)[] = [];
  for (const extra of layout.multisets) {
    const all = yield* joinMultisets(layout, extra, results);
    const packed = packMultiset(all, layout.sizes.ownMultiset);
    rows.extras(0)[extra] = packed === undefined ? false : packed.length <= layout.sizes.multiset ? all : true;
    if (packed !== undefined && packed.length > layout.sizes.multiset)
      parts.set(multisetName(nameOf({ start, width }), extra), writePart(kinds.multiset, 1, [packed]));
    counts.push(packed === undefined ? false : all);
  }
  return { rows, row: 0, start, width, count, counts };
}

/** A multiset of several tiles as one; reads those that are neither with their tiles nor at hand. */
function* joinMultisets(layout: KeyLayout, extra: number, results: readonly Result[]): KeyWork<Map<Value, number> | false> {
  const index = layout.multisets.indexOf(extra);
  const stored = (result: Result): Extra => result.rows.extras(result.row)[extra] ?? null;
  const tooLarge = (result: Result): boolean =>
    result.counts === undefined ? stored(result) === false && !isRaw(layout, result) : result.counts[index] === false;
  if (results.some(tooLarge)) return false;
  const apart = results.filter((result) => result.counts === undefined && typeof stored(result) === "boolean");
  const read =
    apart.length === 0
      ? []
      : yield apart.map((result) => (stored(result) === true ? multisetName(nameOf(result), extra) : nameOf(result)));
  const found = new Map(apart.map((result, place) => [result, read[place]]));
  const all = new Map<Value, number>();
  for (const result of results) {
    const counts =
      result.counts?.[index] ||
      (found.has(result) ? openMultiset(layout, extra, stored(result) === true, found.get(result)) : stored(result));
    for (const [value, count] of pairs(counts)) all.set(value, (all.get(value) ?? 0) + count);
  }
  return all;
}

/** From a part of its own, or counted from a part of events. */
function openMultiset(layout: KeyLayout, extra: number, isOwn: boolean, bytes: Bytes | undefined): Extra {
  if (isOwn) return decodeMultiset(bytes);
  if (bytes === undefined) throw damaged();
  const rows = emptyRows(layout, 1);
  foldLeaf(layout, rows, decodeLeaf(layout, readPart(bytes)));
  return rows.extras(0)[extra] ?? null;
}

function foldLeaf(layout: KeyLayout, rows: Rows, leaf: Leaf): void {
  for (const [index, { families }] of layout.operands.entries()) {
    const column = leaf.operands[index];
    if (column !== undefined) for (const { fold } of families) fold(rows, 0, column, leaf, 0, leaf.count);
  }
}

/** Undefined for one of more bytes. */
function packMultiset(counts: Map<Value, number> | false | undefined, most: number): Bytes | undefined {
  // A value and its count take two bytes at least.
  if (counts === undefined || counts === false || counts.size * 2 > most) return undefined;
  const packed = pack(flatten(counts));
  return packed.length <= most ? packed : undefined;
}

function removeMultisets(layout: KeyLayout, tile: Tile, parts: Parts): void {
  for (const extra of layout.multisets)
    if (tile.rows.extras(tile.row)[extra] === true) parts.set(multisetName(nameOf(tile), extra), undefined);
}

/** The rows with their tiles' numbers, counted from `start`. */
function numbered(layout: KeyLayout, results: readonly Result[], start: bigint): TileRow[] {
  return results.map(({ rows, row, start: own, width }) => {
    const at = row * layout.stride + slots.number;
    const number = Number((own - start) >> BigInt(width));
    // A tile that did not change still stands in the store's own bytes, under its number.
    if (rows.floats[at] !== number) rows.floats[at] = number;
    return { rows, row };
  });
}

/** The events of tiles that became so few that they stand in one part; their own parts go. */
function* unite(layout: KeyLayout, results: readonly Result[], parts: Parts): KeyWork<StoredEvent[]> {
  const missing = results.filter(({ events }) => events === undefined);
  const read = missing.length === 0 ? [] : yield missing.map(nameOf);
  const stored = new Map(missing.map((result, index) => [result, read[index]]));
  for (const result of results) parts.set(nameOf(result), undefined);
  return results.flatMap((result) => {
    if (result.events !== undefined) return result.events;
    const bytes = stored.get(result);
    if (bytes === undefined) throw damaged();
    return eventsOf(layout, decodeLeaf(layout, readPart(bytes)));
  });
}

/** Removes a tile's parts; only directories are read. */
function* removeTile(layout: KeyLayout, tile: Tile, parts: Parts): KeyWork<undefined> {
  parts.set(nameOf(tile), undefined);
  removeMultisets(layout, tile, parts);
  if (isRaw(layout, tile)) return undefined;
  const [bytes] = yield [nameOf(tile)];
  if (bytes === undefined) throw damaged();
  const inner = narrower(layout, tile.width);
  const tiles = tilesOf(layout, decodeDirectory(layout, readPart(bytes)), tile.start, inner);
  yield* together(tiles.map((one) => removeTile(layout, one, parts)));
  return undefined;
}
