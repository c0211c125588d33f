import type { Value } from "../values/value.js";

/** What a family keeps beside its floats: a value, values, or values with counts; see `multisetsOf` for true and false. */
export type Extra = Value | Map<Value, number>;

/** What tiles, or segments of windows, come to: a row each of `stride` floats, and of extras where the layout has any. */
export interface Rows {
  readonly floats: Float64Array;
  readonly extras: (row: number) => Extra[];
}

/** The first floats of a row: the tile's number, its events, and its newest event and visibility, in microseconds from its start. */
export const slots = { number: 0, count: 1, newest: 2, visible: 3, states: 4 } as const;

export function newRows(count: number, stride: number, extras: number): Rows {
  if (extras === 0) return { floats: new Float64Array(count * stride), extras: () => [] };
  const made: Extra[][] = Array.from({ length: count }, () => new Array<Extra>(extras).fill(null));
  return { floats: new Float64Array(count * stride), extras: (row) => made[row] ?? [] };
}
