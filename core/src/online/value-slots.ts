import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { compareValues } from "../values/compare-values.js";
import { columnForm } from "./columns.js";
import { addInteger, compareLimbs, readInteger } from "./exact-integer.js";
import type { Rows } from "./tile-rows.js";

/** How one value, or none, stands in a row. */
export interface ValueSlots {
  readonly isNone: (rows: Rows, row: number) => boolean;
  readonly put: (rows: Rows, row: number, value: Value) => void;
  readonly get: (rows: Rows, row: number) => Value;
  readonly copy: (into: Rows, row: number, source: Rows, from: number) => void;
  readonly compare: (a: Rows, rowA: number, b: Rows, rowB: number) => number;
}

export interface ValueShape {
  readonly floats: number;
  readonly extras: number;
  readonly at: (at: number, extra: number, stride: number) => ValueSlots;
}

/** Bits of a type whose values are integers. */
export function integerBits(type: ValueType): number {
  return type.kind === "decimal" ? Math.ceil(type.precision * Math.log2(10)) + 1 : 64;
}

export function valueShape(type: ValueType): ValueShape {
  const form = columnForm(type);
  if (form === "other") return { floats: 0, extras: 1, at: (_, extra) => extraSlots(extra) };
  if (form !== "integer") return { floats: 1, extras: 0, at: (at, _, stride) => floatSlots(at, stride, form === "bool") };
  const size = Math.max(1, Math.ceil((integerBits(type) - 53) / 52) + 1);
  return { floats: size, extras: 0, at: (at, _, stride) => integerSlots(at, stride, size) };
}

function floatSlots(at: number, stride: number, isBool: boolean): ValueSlots {
  const read = (rows: Rows, row: number): number => rows.floats[row * stride + at] ?? Number.NaN;
  return {
    isNone: (rows, row) => Number.isNaN(read(rows, row)),
    put: (rows, row, value) => {
      rows.floats[row * stride + at] = value === null ? Number.NaN : Number(value);
    },
    get: (rows, row) => {
      const float = read(rows, row);
      if (Number.isNaN(float)) return null;
      return isBool ? float === 1 : float;
    },
    copy: (into, row, source, from) => {
      into.floats[row * stride + at] = read(source, from);
    },
    compare: (a, rowA, b, rowB) => read(a, rowA) - read(b, rowB),
  };
}

function integerSlots(at: number, stride: number, size: number): ValueSlots {
  const top = at + size - 1;
  const isNone = (rows: Rows, row: number): boolean => Number.isNaN(rows.floats[row * stride + top] ?? Number.NaN);
  return {
    isNone,
    put: (rows, row, value) => {
      rows.floats.fill(0, row * stride + at, row * stride + at + size);
      if (typeof value === "bigint") addInteger(rows.floats, row * stride + at, size, value);
      else rows.floats[row * stride + top] = Number.NaN;
    },
    get: (rows, row) => (isNone(rows, row) ? null : readInteger(rows.floats, row * stride + at, size)),
    copy: (into, row, source, from) => {
      for (let index = 0; index < size; index++)
        into.floats[row * stride + at + index] = source.floats[from * stride + at + index] ?? 0;
    },
    compare: (a, rowA, b, rowB) => compareLimbs(a.floats, rowA * stride + at, b.floats, rowB * stride + at, size),
  };
}

function extraSlots(extra: number): ValueSlots {
  // What stands there was put there by this.
  const get = (rows: Rows, row: number): Value => (rows.extras(row)[extra] ?? null) as Value;
  return {
    isNone: (rows, row) => get(rows, row) === null,
    put: (rows, row, value) => {
      rows.extras(row)[extra] = value;
    },
    get,
    copy: (into, row, source, from) => {
      into.extras(row)[extra] = get(source, from);
    },
    compare: (a, rowA, b, rowB) => compareValues(get(a, rowA), get(b, rowB)),
  };
}
