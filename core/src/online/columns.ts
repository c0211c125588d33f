import { isInt64 } from "../values/json-value.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { damaged, pack, unpack, type PartReader } from "./encoding.js";
import type { Bytes } from "./key-value-store.js";

/** How a type's values stand in a column. */
export type ColumnForm = "float" | "date" | "bool" | "integer" | "other";

/**
 * Values by row. Numbers are floats, NaN for null; an `integer` is `base` plus its float, which is a whole number from 0
 * to 2^53. What does not fit stands as values.
 */
export type Column = NumberColumn | { readonly kind: "values"; readonly values: readonly Value[] };

export interface NumberColumn {
  readonly kind: "numbers";
  readonly floats: Float64Array;
  readonly base: bigint;
}

export function columnForm(type: ValueType): ColumnForm {
  switch (type.kind) {
    case "float64":
      return "float";
    case "date":
    case "bool":
      return type.kind;
    case "int64":
    case "timestamp":
    case "decimal":
      return "integer";
    default:
      return "other";
  }
}

export function columnOf(form: ColumnForm, values: readonly Value[]): Column {
  if (form === "other") return { kind: "values", values };
  if (form !== "integer") {
    const floats = new Float64Array(values.length);
    for (let row = 0; row < values.length; row++) {
      const value = values[row] ?? null;
      floats[row] = value === null ? Number.NaN : Number(value);
    }
    return { kind: "numbers", floats, base: 0n };
  }
  let [least, greatest]: [bigint | undefined, bigint | undefined] = [undefined, undefined];
  for (const value of values) {
    if (typeof value !== "bigint") continue;
    if (least === undefined || value < least) least = value;
    if (greatest === undefined || value > greatest) greatest = value;
  }
  const base = least ?? 0n;
  if (greatest !== undefined && (greatest - base > 9_007_199_254_740_992n || !isInt64(base) || !isInt64(greatest)))
    return { kind: "values", values };
  const floats = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    floats[row] = typeof value === "bigint" ? Number(value - base) : Number.NaN;
  }
  return { kind: "numbers", floats, base };
}

export function valueAt(column: Column, form: ColumnForm, row: number): Value {
  if (column.kind === "values") return column.values[row] ?? null;
  const float = column.floats[row] ?? Number.NaN;
  if (Number.isNaN(float)) return null;
  if (form === "integer") return column.base + BigInt(float);
  return form === "bool" ? float === 1 : float;
}

/** The rows of `indices`. */
export function takeRows(column: Column, indices: readonly number[]): Column {
  if (column.kind === "values") return { kind: "values", values: indices.map((row) => column.values[row] ?? null) };
  return { ...column, floats: Float64Array.from(indices, (row) => column.floats[row] ?? Number.NaN) };
}

/** The rows of `b` after those of `a`, as `columnOf` would make it of all values. */
export function concatColumns(form: ColumnForm, a: Column, b: Column): Column {
  if (a.kind === "values" && (form === "other" || b.kind === "values"))
    return { kind: "values", values: [...a.values, ...rowsOf(form, b)] };
  if (a.kind === "values" || b.kind === "values") return columnOf(form, [...rowsOf(form, a), ...rowsOf(form, b)]);
  const base = a.base < b.base ? a.base : b.base;
  const shifts = [Number(a.base - base), Number(b.base - base)] as const;
  if (form === "integer" && (isEmpty(a) || isEmpty(b) || greatest(a) + shifts[0] > 2 ** 53 || greatest(b) + shifts[1] > 2 ** 53))
    return columnOf(form, [...rowsOf(form, a), ...rowsOf(form, b)]);
  const floats = new Float64Array(a.floats.length + b.floats.length);
  floats.set(shifts[0] === 0 ? a.floats : a.floats.map((float) => float + shifts[0]));
  floats.set(shifts[1] === 0 ? b.floats : b.floats.map((float) => float + shifts[1]), a.floats.length);
  return { kind: "numbers", floats, base };
}

function rowsOf(form: ColumnForm, column: Column): readonly Value[] {
  return column.kind === "values" ? column.values : Array.from(column.floats, (_, row) => valueAt(column, form, row));
}

const isEmpty = ({ floats }: NumberColumn): boolean => greatest({ floats }) === -Infinity;

function greatest({ floats }: Pick<NumberColumn, "floats">): number {
  let most = -Infinity;
  for (const float of floats) if (float > most) most = float;
  return most;
}

/** Index of the first row that is at least `moment`, in an ascending column of moments without nulls. */
export function firstAtLeast(column: Column, moment: bigint, count: number): number {
  let [low, high] = [0, count];
  if (column.kind === "values") {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((column.values[middle] as bigint) < moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  const { floats, base } = column;
  // Beyond 2^53 the float is rounded, and still on the same side of every row.
  const least = Number(moment - base);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((floats[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A block's first 8 bytes: bytes a row (0 for msgpack), whether there are nulls, bytes in all; then the base. */
const blockHeader = 16;

export function encodeColumn(column: Column, form: ColumnForm): Bytes {
  if (column.kind === "values") return block(0, 0n, pack(column.values));
  const { floats } = column;
  if (form === "float") return block(8, 0n, new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
  let [least, greatest] = [Infinity, -Infinity];
  for (const float of floats) {
    if (float < least) least = float;
    if (float > greatest) greatest = float;
  }
  if (least === Infinity) [least, greatest] = [0, 0];
  const range = greatest - least;
  const base = column.base + BigInt(least);
  // A date's range is below 2^32, so that only integers take 8 bytes.
  if (range < 0xff) return narrow(new Uint8Array(floats.length), floats, least, base);
  if (range < 0xffff) return narrow(new Uint16Array(floats.length), floats, least, base);
  if (range < 0xffffffff) return narrow(new Uint32Array(floats.length), floats, least, base);
  const shifted = floats.map((float) => float - least);
  return block(8, base, new Uint8Array(shifted.buffer));
}

type Narrow = Uint8Array | Uint16Array | Uint32Array;

/** Floats as whole numbers of few bytes, the greatest of which stands for null. */
function narrow(into: Narrow, floats: Float64Array, least: number, base: bigint): Bytes {
  const none = 2 ** (8 * into.BYTES_PER_ELEMENT) - 1;
  let hasNulls = false;
  for (let row = 0; row < floats.length; row++) {
    const float = floats[row] ?? Number.NaN;
    const isNull = Number.isNaN(float);
    into[row] = isNull ? none : float - least;
    hasNulls ||= isNull;
  }
  return block(into.BYTES_PER_ELEMENT, base, new Uint8Array(into.buffer), hasNulls);
}

function block(width: number, base: bigint, payload: Bytes, hasNulls = false): Bytes {
  const bytes = new Uint8Array(blockHeader + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, width, true);
  view.setUint16(2, hasNulls ? 1 : 0, true);
  view.setUint32(4, payload.length, true);
  view.setBigInt64(8, base, true);
  bytes.set(payload, blockHeader);
  return bytes;
}

export function decodeColumn(part: PartReader, form: ColumnForm): Column {
  const { bytes, words, count } = part;
  const start = part.at * 8;
  const width = (words[start / 4] ?? 0) & 0xffff;
  const hasNulls = (words[start / 4] ?? 0) >>> 16 === 1;
  const length = words[start / 4 + 1] ?? 0;
  const from = start + blockHeader;
  if (from + length > bytes.length || (width !== 0 && length !== width * count)) throw damaged();
  part.at += (blockHeader + length + 7) >>> 3;
  if (width === 0) {
    const values = unpack(bytes.subarray(from, from + length));
    if (values.length !== count) throw damaged();
    return { kind: "values", values };
  }
  const [buffer, offset] = [bytes.buffer, bytes.byteOffset + from];
  if (width === 8 && form === "float") return { kind: "numbers", floats: new Float64Array(buffer, offset, count), base: 0n };
  baseWords[0] = words[start / 4 + 2] ?? 0;
  baseWords[1] = words[start / 4 + 3] ?? 0;
  const base = bases[0] ?? 0n;
  if (width === 8) return { kind: "numbers", floats: new Float64Array(buffer, offset, count), base };
  const narrowed =
    width === 1
      ? new Uint8Array(buffer, offset, count)
      : width === 2
        ? new Uint16Array(buffer, offset, count)
        : new Uint32Array(buffer, offset, count);
  const floats = new Float64Array(narrowed);
  if (hasNulls) {
    const none = 2 ** (8 * width) - 1;
    for (let row = 0; row < count; row++) if (floats[row] === none) floats[row] = Number.NaN;
  }
  if (form === "integer") return { kind: "numbers", floats, base };
  const shift = Number(base);
  if (shift !== 0) for (let row = 0; row < count; row++) floats[row] = (floats[row] ?? 0) + shift;
  return { kind: "numbers", floats, base: 0n };
}

/** One int64, read as two words. */
const bases = new BigInt64Array(1);
const baseWords = new Uint32Array(bases.buffer);
