import type { Value } from "../values/value.js";
import { firstAtLeast } from "./columns.js";
import { decodeDirectory, decodeMultiset, multisetName, multisetsOf, tileName, type Directory } from "./directory.js";
import { damaged, kinds, readPart } from "./encoding.js";
import { emptyRows, type KeyLayout } from "./key-layout.js";
import type { Bytes, KeyWork } from "./key-value-store.js";
import { decodeLeaf, knownBy, momentAt, type Leaf } from "./leaf.js";
import { slots, type Rows } from "./tile-rows.js";

export interface WindowValue {
  readonly value: Value;
  /** Of the newest event in the window; null where it is empty. */
  readonly newest: bigint | null;
}

export interface WindowValues {
  /** Whether the key has any event in store, in its windows or not. */
  readonly isStored: boolean;
  /** By feature. */
  readonly features: readonly WindowValue[];
}

/**
 * Every feature of a key over `[c − w, c)`, of the events known by `knownUntil`, exactly. The windows' starts cut time
 * into segments; each is put together once, in order of time, from tiles that lie wholly inside it and from raw events
 * at its edges. Throws `failed` for damaged bytes.
 */
export function* readWindows(layout: KeyLayout, c: bigint, knownUntil: bigint): KeyWork<WindowValues> {
  const [head] = yield [""];
  const question = ask(layout, c, knownUntil);
  if (head !== undefined) {
    let pieces: Piece[] = [];
    openPart(question, head, { width: layout.width, start: 0n }, pieces);
    for (;;) {
      const wanted = pieces.flatMap((piece) =>
        piece.kind === "closed" ? [piece.name] : piece.kind === "apart" ? piece.names : [],
      );
      if (wanted.length === 0) break;
      const parts = yield wanted;
      const opened: Piece[] = [];
      let next = 0;
      for (const piece of pieces)
        if (piece.kind === "closed") {
          const part = parts[next++];
          if (part === undefined) throw damaged();
          openPart(question, part, piece, opened);
        } else if (piece.kind === "apart") {
          opened.push(withMultisets(layout, piece.tiles, parts.slice(next, next + piece.names.length)));
          next += piece.names.length;
        } else opened.push(piece);
      pieces = opened;
    }
    for (const piece of pieces) if (piece.kind === "leaf" || piece.kind === "tiles") addPiece(question, piece);
    joinSegments(question);
  }
  return { isStored: head !== undefined, features: valuesOf(question) };
}

interface Question {
  readonly layout: KeyLayout;
  readonly c: bigint;
  readonly knownUntil: bigint;
  /** Where segments begin, by window, ascending; undefined is the beginning of time. */
  readonly starts: readonly (bigint | undefined)[];
  /** A row a segment; segments end where the next begins, the last at `c`. */
  readonly states: Rows;
  /** By segment. */
  readonly newest: (bigint | null)[];
}

function ask(layout: KeyLayout, c: bigint, knownUntil: bigint): Question {
  const starts = layout.windows.map((window) => (window === "unbounded" ? undefined : c - window));
  const states = emptyRows(layout, starts.length);
  return { layout, c, knownUntil, starts, states, newest: starts.map(() => null) };
}

/** Tiles `[from, to)` of a directory that are whole in a segment. */
interface Tiles {
  readonly kind: "tiles";
  readonly rows: Rows;
  readonly from: number;
  readonly to: number;
  readonly segment: number;
  readonly start: bigint;
  readonly width: number;
}

type Piece =
  | { readonly kind: "leaf"; readonly leaf: Leaf }
  | Tiles
  /** One such tile, of which multisets stand in parts of their own. */
  | { readonly kind: "apart"; readonly tiles: Tiles; readonly names: readonly string[] }
  /** A tile to open: it begins at `start`, its part holds events or tiles that are `width` wide. */
  | { readonly kind: "closed"; readonly name: string; readonly start: bigint; readonly width: number };

function withMultisets({ multisets }: KeyLayout, tiles: Tiles, parts: readonly (Bytes | undefined)[]): Tiles {
  const { floats, extras } = tiles.rows;
  const whole = [...extras(tiles.from)];
  let next = 0;
  for (const extra of multisets) if (whole[extra] === true) whole[extra] = decodeMultiset(parts[next++]);
  return { ...tiles, rows: { floats, extras: () => whole } };
}

function openPart(question: Question, bytes: Bytes, { start, width }: { start: bigint; width: number }, pieces: Piece[]): void {
  const { layout, knownUntil } = question;
  const part = readPart(bytes);
  if (part.kind === kinds.leaf) pieces.push({ kind: "leaf", leaf: knownBy(decodeLeaf(layout, part), knownUntil) });
  else addTiles(question, decodeDirectory(layout, part), start, width, pieces);
}

/** The tiles of a directory that meet the windows: whole ones by their states, those at an edge to be opened. */
function addTiles(question: Question, { count, rows }: Directory, start: bigint, width: number, pieces: Piece[]): void {
  const { layout, c, starts } = question;
  const { stride, storesKnown } = layout;
  const { floats } = rows;
  // At the head numbers count from the epoch: measured from near `c`, moments are exact floats.
  const shift = start === 0n ? (c >> BigInt(width)) << BigInt(width) : start;
  const offset = Number((start - shift) >> BigInt(width));
  const bounds = starts.map((moment) => (moment === undefined ? -Infinity : roundUp(moment - shift)));
  const end = roundUp(c - shift);
  const first = bounds[0] ?? end;
  const known = storesKnown ? Number(question.knownUntil - shift) : Infinity;
  const span = 2 ** width;

  let segment = 0;
  let run: { from: number; to: number; segment: number } | undefined;
  const finish = (): void => {
    if (run !== undefined) pieces.push({ kind: "tiles", rows, ...run, start, width });
    run = undefined;
  };
  for (let row = 0; row < count; row++) {
    const at = row * stride;
    const from = ((floats[at + slots.number] ?? 0) + offset) * span;
    const to = from + span;
    if (to <= first) continue;
    if (from >= end) break;
    while (segment + 1 < bounds.length && (bounds[segment + 1] ?? end) <= from) segment++;
    const inside = from >= first && to <= (bounds[segment + 1] ?? end);
    const isKnown = !storesKnown || from + (floats[at + slots.visible] ?? 0) + slack(from, known) <= known;
    const multisets = inside && isKnown ? multisetsOf(layout, rows, row) : "unknown";
    if (multisets === "here") {
      if (run?.segment === segment && run.to === row) run.to = row + 1;
      else {
        finish();
        run = { from: row, to: row + 1, segment };
      }
      continue;
    }
    finish();
    const number = (start >> BigInt(width)) + BigInt(floats[at + slots.number] ?? 0);
    const name = tileName(width, number);
    if (multisets === "apart") {
      const apart = layout.multisets.filter((extra) => rows.extras(row)[extra] === true);
      const tiles: Tiles = { kind: "tiles", rows, from: row, to: row + 1, segment, start, width };
      pieces.push({ kind: "apart", tiles, names: apart.map((extra) => multisetName(name, extra)) });
    } else pieces.push({ kind: "closed", name, start: number << BigInt(width), width: Math.max(0, width - layout.sizes.fan) });
  }
  finish();
}

/** Tiles' edges so far away are multiples of more than what rounding loses. */
function roundUp(distance: bigint): number {
  const float = Number(distance);
  if (Math.abs(float) < 2 ** 53) return float;
  return BigInt(float) < distance ? float + 2 ** (Math.floor(Math.log2(Math.abs(float))) - 52) : float;
}

/** What rounding may lose of a moment far away: a tile is then opened though it need not be. */
const slack = (from: number, known: number): number => (Math.abs(from) > 2 ** 51 || Math.abs(known) > 2 ** 51 ? 1024 : 0);

function addPiece(question: Question, piece: Tiles | Extract<Piece, { kind: "leaf" }>): void {
  const { layout, c, starts, states, newest } = question;
  const { stride } = layout;
  if (piece.kind === "tiles") {
    const { rows, from, to, segment, start, width } = piece;
    let count = 0;
    for (let row = from; row < to; row++) count += rows.floats[row * stride + slots.count] ?? 0;
    states.floats[segment * stride + slots.count] = (states.floats[segment * stride + slots.count] ?? 0) + count;
    const last = (to - 1) * stride;
    const number = (start >> BigInt(width)) + BigInt(rows.floats[last + slots.number] ?? 0);
    newest[segment] = (number << BigInt(width)) + BigInt(rows.floats[last + slots.newest] ?? 0);
    for (const { families } of layout.operands) for (const { merge } of families) merge(states, segment, rows, from, to);
    return;
  }
  const { leaf } = piece;
  let from = starts[0] === undefined ? 0 : firstAtLeast(leaf.events, starts[0], leaf.count);
  for (const segment of starts.keys()) {
    const to = firstAtLeast(leaf.events, starts[segment + 1] ?? c, leaf.count);
    if (to > from) {
      states.floats[segment * stride + slots.count] = (states.floats[segment * stride + slots.count] ?? 0) + to - from;
      newest[segment] = momentAt(leaf.events, to - 1);
      for (const [index, { families }] of layout.operands.entries()) {
        const column = leaf.operands[index];
        if (column !== undefined) for (const { fold } of families) fold(states, segment, column, leaf, from, to);
      }
    }
    from = to;
  }
}

/** Makes each segment's row that of the whole window that begins with it. */
function joinSegments({ layout, states, newest }: Question): void {
  const { stride } = layout;
  for (let segment = newest.length - 2; segment >= 0; segment--) {
    const count =
      (states.floats[segment * stride + slots.count] ?? 0) + (states.floats[(segment + 1) * stride + slots.count] ?? 0);
    states.floats[segment * stride + slots.count] = count;
    newest[segment] = newest[segment + 1] ?? newest[segment] ?? null;
    for (const { families } of layout.operands)
      for (const { merge } of families) merge(states, segment, states, segment + 1, segment + 2);
  }
}

function valuesOf({ layout, states, newest }: Question): WindowValue[] {
  const readers = layout.operands.map(({ state }) => newest.map((_, window) => state(states, window)));
  return layout.features.map(({ window, operand, value }) => ({
    value: value(states.floats[window * layout.stride + slots.count] ?? 0, readers[operand]?.[window]),
    newest: newest[window] ?? null,
  }));
}
