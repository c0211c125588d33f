import type { OperandState } from "../expressions/aggregate.js";
import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { columnForm, valueAt, type Column } from "./columns.js";
import { addInteger, addLimbs, limbsFor, readInteger } from "./exact-integer.js";
import { earliest, latest } from "./leaf-order.js";
import type { Leaf } from "./leaf.js";
import type { Extra, Rows } from "./tile-rows.js";
import { integerBits, valueShape } from "./value-slots.js";

export type FamilyName = Exclude<keyof OperandState, "count">;

/** A state that can be put together from parts in order of time. */
export interface Family<T> {
  readonly clear: (rows: Rows, row: number) => void;
  /** Adds the rows `[from, to)` of a leaf, which come after what is there. */
  readonly fold: (into: Rows, row: number, column: Column, leaf: Leaf, from: number, to: number) => void;
  /** Adds the rows `[from, to)` of `source`, which come after what is there. */
  readonly merge: (into: Rows, row: number, source: Rows, from: number, to: number) => void;
  readonly read: (rows: Rows, row: number) => T;
}

/** A family before its place in the rows is known. `present` is where the number of values stands. */
export interface FamilyShape<T> {
  readonly floats: number;
  readonly extras: number;
  readonly at: (at: number, extra: number, stride: number, present: number) => Family<T>;
}

type Shapes = { readonly [Name in FamilyName]: FamilyShape<ReturnType<OperandState[Name]>> };

/** The families of an operand; `most` is how many values first_n and last_n keep. */
export function familyShapes(type: ValueType, most: number): Shapes {
  const exact = columnForm(type) === "integer";
  const bits = integerBits(type);
  return {
    sum: exact ? exactSum(limbsFor(bits)) : floatSum,
    squares: exactSquares(limbsFor(2 * bits)),
    deviations,
    min: oneValue(type, least, (order) => order < 0),
    max: oneValue(type, greatest, (order) => order > 0),
    first: oneValue(type, (leaf, column, from, to) => earliest(leaf, column, columnForm(type), from, to, 1)[0] ?? null, never),
    last: oneValue(type, (leaf, column, from, to) => latest(leaf, column, columnForm(type), from, to, 1)[0] ?? null, always),
    firsts: someValues(
      (kept, leaf, column, from, to) =>
        kept.length >= most ? kept : [...kept, ...earliest(leaf, column, columnForm(type), from, to, most - kept.length)],
      (kept, more) => (kept.length >= most ? kept : [...kept, ...more].slice(0, most)),
    ),
    lasts: someValues(
      (kept, leaf, column, from, to) => [...kept, ...latest(leaf, column, columnForm(type), from, to, most)].slice(-most),
      (kept, more) => (more.length >= most ? more : [...kept, ...more].slice(-most)),
    ),
    groups: multiset(type),
  };
}

const never = (): boolean => false;
const always = (): boolean => true;

/** How many values are not null. */
export function presentFamily(at: number, stride: number): Family<number> {
  return {
    clear: (rows, row) => {
      rows.floats[row * stride + at] = 0;
    },
    fold(into, row, column, _, from, to) {
      let count = 0;
      if (column.kind === "values") for (let index = from; index < to; index++) count += column.values[index] === null ? 0 : 1;
      else for (let index = from; index < to; index++) count += Number.isNaN(column.floats[index]) ? 0 : 1;
      into.floats[row * stride + at] = (into.floats[row * stride + at] ?? 0) + count;
    },
    merge(into, row, source, from, to) {
      let count = into.floats[row * stride + at] ?? 0;
      for (let index = from; index < to; index++) count += source.floats[index * stride + at] ?? 0;
      into.floats[row * stride + at] = count;
    },
    read: (rows, row) => rows.floats[row * stride + at] ?? 0,
  };
}

const floatSum: FamilyShape<number> = {
  floats: 1,
  extras: 0,
  at: (at, _, stride) => ({
    clear: (rows, row) => {
      rows.floats[row * stride + at] = 0;
    },
    fold(into, row, column, _leaf, from, to) {
      if (column.kind === "values") return;
      let total = into.floats[row * stride + at] ?? 0;
      for (let index = from; index < to; index++) {
        const float = column.floats[index] ?? 0;
        if (!Number.isNaN(float)) total += float;
      }
      into.floats[row * stride + at] = total;
    },
    merge(into, row, source, from, to) {
      let total = into.floats[row * stride + at] ?? 0;
      for (let index = from; index < to; index++) total += source.floats[index * stride + at] ?? 0;
      into.floats[row * stride + at] = total;
    },
    read: (rows, row) => rows.floats[row * stride + at] ?? 0,
  }),
};

function limbs(size: number, ofRows: (column: Column, from: number, to: number) => bigint): FamilyShape<bigint> {
  return {
    floats: size,
    extras: 0,
    at: (at, _, stride) => ({
      clear: (rows, row) => rows.floats.fill(0, row * stride + at, row * stride + at + size),
      fold: (into, row, column, _leaf, from, to) => addInteger(into.floats, row * stride + at, size, ofRows(column, from, to)),
      merge(into, row, source, from, to) {
        for (let index = from; index < to; index++)
          addLimbs(into.floats, row * stride + at, size, source.floats, index * stride + at);
      },
      read: (rows, row) => readInteger(rows.floats, row * stride + at, size),
    }),
  };
}

const exactSum = (size: number): FamilyShape<bigint> =>
  limbs(size, (column, from, to) => {
    if (column.kind === "numbers") {
      const { count, sum } = offsets(column.floats, from, to);
      if (sum <= mostExact) return BigInt(count) * column.base + BigInt(sum);
    }
    let total = 0n;
    for (let row = from; row < to; row++) total += integerAt(column, row);
    return total;
  });

const exactSquares = (size: number): FamilyShape<bigint> =>
  limbs(size, (column, from, to) => {
    if (column.kind === "numbers") {
      const { base } = column;
      const { count, sum, squares } = offsets(column.floats, from, to);
      if (squares <= mostExact) return BigInt(count) * base * base + 2n * base * BigInt(sum) + BigInt(squares);
    }
    let total = 0n;
    for (let row = from; row < to; row++) total += integerAt(column, row) ** 2n;
    return total;
  });

/** Whole floats are exact until here; sums of what is not negative stayed exact where they end below it. */
const mostExact = 2 ** 53;

function offsets(floats: Float64Array, from: number, to: number): { count: number; sum: number; squares: number } {
  let [count, sum, squares] = [0, 0, 0];
  for (let row = from; row < to; row++) {
    const float = floats[row] ?? 0;
    if (Number.isNaN(float)) continue;
    count++;
    sum += float;
    squares += float * float;
  }
  return { count, sum, squares };
}

/** Null adds nothing. */
const integerAt = (column: Column, row: number): bigint => (valueAt(column, "integer", row) ?? 0n) as bigint;

/** Mean and squared differences; Chan, Golub and LeVeque, "Updating formulae …", 1979. */
const deviations: FamilyShape<number> = {
  floats: 2,
  extras: 0,
  at(at, _, stride, present) {
    const add = (floats: Float64Array, place: number, count: number, more: number, mean: number, squares: number): void => {
      const delta = mean - (floats[place] ?? 0);
      const share = more / (count + more);
      floats[place] = count === 0 ? mean : (floats[place] ?? 0) + delta * share;
      floats[place + 1] = (floats[place + 1] ?? 0) + squares + (count === 0 ? 0 : delta * delta * count * share);
    };
    return {
      clear: (rows, row) => rows.floats.fill(0, row * stride + at, row * stride + at + 2),
      fold(into, row, column, _leaf, from, to) {
        if (column.kind === "values") return;
        const { floats } = column;
        let [count, total, largest] = [0, 0, 0];
        for (let index = from; index < to; index++) {
          const float = floats[index] ?? 0;
          if (Number.isNaN(float)) continue;
          count++;
          total += float;
          if (float > largest || -float > largest) largest = Math.abs(float);
        }
        if (count === 0) return;
        // The square of a greater one is beyond float64.
        const mean = largest > 1e150 ? Number.NaN : total / count;
        let squares = 0;
        for (let index = from; index < to; index++) {
          const difference = (floats[index] ?? 0) - mean;
          if (!Number.isNaN(difference)) squares += difference * difference;
        }
        add(
          into.floats,
          row * stride + at,
          into.floats[row * stride + present] ?? 0,
          count,
          mean,
          Number.isNaN(mean) ? mean : squares,
        );
      },
      merge(into, row, source, from, to) {
        let count = into.floats[row * stride + present] ?? 0;
        for (let index = from; index < to; index++) {
          const more = source.floats[index * stride + present] ?? 0;
          if (more === 0) continue;
          const place = index * stride + at;
          add(into.floats, row * stride + at, count, more, source.floats[place] ?? 0, source.floats[place + 1] ?? 0);
          count += more;
        }
      },
      read: (rows, row) => rows.floats[row * stride + at + 1] ?? 0,
    };
  },
};

const extreme =
  (better: (order: number) => boolean, sign: 1 | -1) =>
  (_: Leaf, column: Column, from: number, to: number, type: ValueType): Value => {
    if (column.kind === "numbers") {
      let [found, best] = [-1, Infinity];
      for (let row = from; row < to; row++) {
        const float = (column.floats[row] ?? Number.NaN) * sign;
        if (float < best) [found, best] = [row, float];
      }
      return found < 0 ? null : valueAt(column, columnForm(type), found);
    }
    let best: Value = null;
    for (let row = from; row < to; row++) {
      const value = column.values[row] ?? null;
      if (value !== null && (best === null || better(compareValues(value, best)))) best = value;
    }
    return best;
  };
const least = extreme((order) => order < 0, 1);
const greatest = extreme((order) => order > 0, -1);

/** One value: of two, the later stays only where `replaces` says so of its order to the earlier. */
function oneValue(
  type: ValueType,
  ofRows: (leaf: Leaf, column: Column, from: number, to: number, type: ValueType) => Value,
  replaces: (order: number) => boolean,
): FamilyShape<Value> {
  const { floats, extras, at: slotsAt } = valueShape(type);
  return {
    floats,
    extras,
    at(at, extra, stride) {
      const value = slotsAt(at, extra, stride);
      return {
        clear: (rows, row) => value.put(rows, row, null),
        fold(into, row, column, leaf, from, to) {
          const found = ofRows(leaf, column, from, to, type);
          if (found === null) return;
          if (value.isNone(into, row) || replaces(compareValues(found, value.get(into, row)))) value.put(into, row, found);
        },
        merge(into, row, source, from, to) {
          for (let index = from; index < to; index++) {
            if (value.isNone(source, index)) continue;
            if (value.isNone(into, row) || replaces(value.compare(source, index, into, row)))
              value.copy(into, row, source, index);
          }
        },
        read: value.get,
      };
    },
  };
}

type Values = readonly Value[];

function someValues(
  fold: (kept: Values, leaf: Leaf, column: Column, from: number, to: number) => Values,
  merge: (kept: Values, more: Values) => Values,
): FamilyShape<Values> {
  return {
    floats: 0,
    extras: 1,
    at(_at, extra) {
      const read = (rows: Rows, row: number): Values => (rows.extras(row)[extra] ?? []) as Values;
      return {
        clear: (rows, row) => {
          rows.extras(row)[extra] = [];
        },
        fold(into, row, column, leaf, from, to) {
          into.extras(row)[extra] = fold(read(into, row), leaf, column, from, to);
        },
        merge(into, row, source, from, to) {
          for (let index = from; index < to; index++) into.extras(row)[extra] = merge(read(into, row), read(source, index));
        },
        read,
      };
    },
  };
}

/** How often each value is there. A row that is being added to holds a map, a stored one value, count, value, … in order. */
function multiset(type: ValueType): FamilyShape<{ value: Value; count: number }[]> {
  const form = columnForm(type);
  return {
    floats: 0,
    extras: 1,
    at(_at, extra) {
      const open = (rows: Rows, row: number): Map<Value, number> => {
        const found = rows.extras(row)[extra];
        if (found instanceof Map) return found;
        const made = new Map<Value, number>();
        rows.extras(row)[extra] = made;
        return made;
      };
      return {
        clear: (rows, row) => {
          rows.extras(row)[extra] = new Map();
        },
        fold(into, row, column, _leaf, from, to) {
          const counts = open(into, row);
          for (let index = from; index < to; index++) {
            const value = valueAt(column, form, index);
            if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
          }
        },
        merge(into, row, source, from, to) {
          const counts = open(into, row);
          for (let index = from; index < to; index++)
            for (const [value, count] of pairs(source.extras(index)[extra])) counts.set(value, (counts.get(value) ?? 0) + count);
        },
        read: (rows, row) =>
          [...pairs(rows.extras(row)[extra])]
            .map(([value, count]) => ({ value, count }))
            .sort((a, b) => compareValues(a.value, b.value)),
      };
    },
  };
}

/** Values with their counts; nothing where they stand elsewhere. */
export function* pairs(extra: Extra | undefined): Iterable<[Value, number]> {
  if (extra instanceof Map) yield* extra;
  else if (Array.isArray(extra))
    for (let index = 0; index < extra.length; index += 2)
      // Stored as value, count, value, ….
      yield [(extra as Values)[index] ?? null, (extra as Values)[index + 1] as number];
}

/** A multiset as it is stored. */
export function flatten(counts: Map<Value, number>): Value[] {
  return [...counts].sort(([a], [b]) => compareValues(a, b)).flat();
}
