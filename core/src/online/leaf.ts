import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";
import {
  columnOf,
  concatColumns,
  decodeColumn,
  encodeColumn,
  takeRows,
  valueAt,
  type Column,
  type ColumnForm,
} from "./columns.js";
import { decoding, kinds, writePart, type PartReader } from "./encoding.js";
import type { KeyLayout } from "./key-layout.js";
import type { Bytes } from "./key-value-store.js";

/** One event of a key. Without `known_at` it is known when it happens; without a tie-break column `tie` is `known`. */
export interface StoredEvent {
  readonly event: bigint;
  readonly known: bigint;
  readonly tie: Value;
  /** By operand of the layout. */
  readonly operands: readonly Value[];
}

/** Events by column, in the order of `compareEvents`. */
export interface Leaf {
  readonly count: number;
  readonly events: Column;
  /** Undefined where it would be the event time. */
  readonly known: Column | undefined;
  /** Undefined where it would be `known`. */
  readonly tie: Column | undefined;
  readonly operands: readonly Column[];
}

export function compareEvents(a: StoredEvent, b: StoredEvent): number {
  if (a.event !== b.event) return a.event < b.event ? -1 : 1;
  return compareValues(a.tie, b.tie) || compareValues(a.operands, b.operands) || compareValues(a.known, b.known);
}

/** The moment an event becomes visible. */
export const visibleAt = ({ event, known }: { readonly event: bigint; readonly known: bigint }): bigint =>
  known > event ? known : event;

/** Two ascending lists as one. */
export function mergeEvents(a: readonly StoredEvent[], b: readonly StoredEvent[]): readonly StoredEvent[] {
  const [lastOfA, firstOfB] = [a.at(-1), b[0]];
  if (lastOfA === undefined) return b;
  if (firstOfB === undefined) return a;
  if (compareEvents(lastOfA, firstOfB) <= 0) return [...a, ...b];
  return [...a, ...b].sort(compareEvents);
}

/** The events of `a`, then those of `b`, which all happened later. */
export function concatLeaves(layout: KeyLayout, a: Leaf, b: Leaf): Leaf {
  const both = (form: ColumnForm | undefined, one: Column | undefined, other: Column | undefined): Column | undefined =>
    form === undefined || one === undefined || other === undefined ? undefined : concatColumns(form, one, other);
  return {
    count: a.count + b.count,
    events: concatColumns("integer", a.events, b.events),
    known: both("integer", a.known, b.known),
    tie: both(layout.tieForm, a.tie, b.tie),
    operands: layout.operands.flatMap(({ form }, index) => both(form, a.operands[index], b.operands[index]) ?? []),
  };
}

/** When the last of some events becomes visible. */
export function lastVisible({ count, events, known }: Leaf): bigint {
  let last = momentAt(events, count - 1);
  if (known !== undefined)
    for (let row = 0; row < count; row++) {
      const moment = momentAt(known, row);
      if (moment > last) last = moment;
    }
  return last;
}

export function leafOf(layout: KeyLayout, events: readonly StoredEvent[]): Leaf {
  const { storesKnown, tieForm, operands } = layout;
  const moments = (moment: (event: StoredEvent) => bigint): Column => columnOf("integer", events.map(moment));
  return {
    count: events.length,
    events: moments(({ event }) => event),
    known: storesKnown ? moments(({ known }) => known) : undefined,
    tie:
      tieForm === undefined
        ? undefined
        : columnOf(
            tieForm,
            events.map(({ tie }) => tie),
          ),
    operands: operands.map(({ form }, index) =>
      columnOf(
        form,
        events.map((event) => event.operands[index] ?? null),
      ),
    ),
  };
}

export function eventsOf(layout: KeyLayout, leaf: Leaf): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let row = 0; row < leaf.count; row++) {
    const event = momentAt(leaf.events, row);
    const known = leaf.known === undefined ? event : momentAt(leaf.known, row);
    const tie = leaf.tie === undefined ? known : valueAt(leaf.tie, layout.tieForm ?? "other", row);
    const operands = leaf.operands.map((column, index) => valueAt(column, layout.operands[index]?.form ?? "other", row));
    events.push({ event, known, tie, operands });
  }
  return events;
}

export function momentAt(column: Column, row: number): bigint {
  // Columns of moments hold no nulls.
  if (column.kind === "values") return column.values[row] as bigint;
  return column.base + BigInt(column.floats[row] ?? 0);
}

export function encodeLeaf(layout: KeyLayout, leaf: Leaf): Bytes {
  const blocks = [encodeColumn(leaf.events, "integer")];
  if (leaf.known !== undefined) blocks.push(encodeColumn(leaf.known, "integer"));
  if (leaf.tie !== undefined && layout.tieForm !== undefined) blocks.push(encodeColumn(leaf.tie, layout.tieForm));
  for (const [index, column] of leaf.operands.entries())
    blocks.push(encodeColumn(column, layout.operands[index]?.form ?? "other"));
  return writePart(kinds.leaf, leaf.count, blocks);
}

export function decodeLeaf(layout: KeyLayout, part: PartReader): Leaf {
  return decoding(() => ({
    count: part.count,
    events: decodeColumn(part, "integer"),
    known: layout.storesKnown ? decodeColumn(part, "integer") : undefined,
    tie: layout.tieForm === undefined ? undefined : decodeColumn(part, layout.tieForm),
    operands: layout.operands.map(({ form }) => decodeColumn(part, form)),
  }));
}

/** The events that were known by then. */
export function knownBy(leaf: Leaf, knownUntil: bigint): Leaf {
  const { known } = leaf;
  if (known === undefined) return leaf;
  const indices: number[] = [];
  for (let row = 0; row < leaf.count; row++) if (momentAt(known, row) <= knownUntil) indices.push(row);
  if (indices.length === leaf.count) return leaf;
  return {
    count: indices.length,
    events: takeRows(leaf.events, indices),
    known: takeRows(known, indices),
    tie: leaf.tie === undefined ? undefined : takeRows(leaf.tie, indices),
    operands: leaf.operands.map((column) => takeRows(column, indices)),
  };
}
