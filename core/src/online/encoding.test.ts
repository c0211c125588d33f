import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { columnForm, columnOf, concatColumns, decodeColumn, encodeColumn, valueAt, type Column } from "./columns.js";
import { decoding, kinds, pack, readPart, unpack, writePart } from "./encoding.js";
import { addInteger, addLimbs, limbsFor, readInteger } from "./exact-integer.js";

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 254n, 255n, 65_534n, 65_535n, 2n ** 32n - 2n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n)),
);
const float = fc.double({ noNaN: true, noDefaultInfinity: true });
const text = fc.string({ unit: "binary", maxLength: 40 });
const types: readonly [ValueType, fc.Arbitrary<Value>][] = [
  [{ kind: "bool" }, fc.boolean()],
  [{ kind: "int64" }, int64],
  [{ kind: "int64" }, fc.bigInt({ min: -3n, max: 260n })],
  [{ kind: "timestamp" }, fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })],
  [{ kind: "timestamp" }, fc.bigInt({ min: 1_700_000_000_000_000n, max: 1_700_000_100_000_000n })],
  [{ kind: "date" }, fc.integer({ min: -719_162, max: 2_932_896 })],
  [{ kind: "float64" }, float],
  [{ kind: "decimal", precision: 38, scale: 9 }, fc.bigInt({ min: 1n - 10n ** 38n, max: 10n ** 38n - 1n })],
  [{ kind: "string" }, text],
  [{ kind: "bytes" }, fc.uint8Array({ maxLength: 300 })],
  [{ kind: "list", element: { kind: "float64" } }, fc.array(fc.option(float, { nil: null }), { maxLength: 20 })],
  [
    { kind: "list", element: { kind: "decimal", precision: 38, scale: 0 } },
    fc.array(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n })),
  ],
  [{ kind: "null" }, fc.constant(null)],
];
const columns = fc
  .constantFrom(...types)
  .chain(([type, value]) =>
    fc.array(fc.option(value, { nil: null, freq: 6 }), { maxLength: 60 }).map((values) => ({ form: columnForm(type), values })),
  );
/** Buffers are Uint8Arrays. */
const plain = (value: Value): unknown => (value instanceof Uint8Array ? Array.from(value) : value);

describe("a key's bytes", () => {
  it("give back every value of every type, nulls and edges, at any place in memory", () => {
    fc.assert(
      fc.property(fc.array(columns, { maxLength: 4 }), fc.nat(7), (made, shift) => {
        for (const { form, values } of made) {
          const bytes = writePart(kinds.leaf, values.length, [encodeColumn(columnOf(form, values), form)]);
          const moved = new Uint8Array(bytes.length + shift).subarray(shift);
          moved.set(bytes);
          // Stores of Node give Buffers, anywhere in a larger one.
          const buffer = Buffer.from(moved.buffer, shift);
          for (const part of [moved, buffer]) {
            const column = decodeColumn(readPart(part), form);
            expect(values.map((_, row) => plain(valueAt(column, form, row)))).toEqual(values.map(plain));
          }
        }
        const all = made.flatMap(({ values }) => values);
        expect(unpack(pack(all)).map(plain)).toEqual(all.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  it("are the same whether a column grew or was made at once", () => {
    fc.assert(
      fc.property(columns, fc.nat(60), ({ form, values }, cut) => {
        const stored = (some: readonly Value[]): Column => {
          const bytes = writePart(kinds.leaf, some.length, [encodeColumn(columnOf(form, some), form)]);
          return decodeColumn(readPart(bytes), form);
        };
        const grown = concatColumns(form, stored(values.slice(0, cut)), columnOf(form, values.slice(cut)));
        expect(encodeColumn(grown, form)).toEqual(encodeColumn(columnOf(form, values), form));
      }),
      { numRuns: 300 },
    );
  });

  it("say to materialize again where a bit is flipped, the end is missing or the version is another", () => {
    const values = ["a", null, "😀"];
    const bytes = writePart(kinds.leaf, 3, [encodeColumn(columnOf("other", values), "other"), new Uint8Array(40).fill(7)]);
    const message = /materialize --full/;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => readPart(flipped), String(bit)).toThrow(message);
    }
    for (let length = 0; length < bytes.length; length++) expect(() => readPart(bytes.subarray(0, length))).toThrow(message);
    expect(() => decoding(() => unpack(Uint8Array.of(0xdc, 0xff, 0xff)))).toThrow(message);
  });

  it("add integers of any size exactly", () => {
    const integer = fc.bigInt({ min: -(10n ** 76n), max: 10n ** 76n });
    fc.assert(
      fc.property(fc.array(integer, { maxLength: 20 }), fc.array(integer, { maxLength: 20 }), (a, b) => {
        const size = limbsFor(254);
        const [left, right] = [new Float64Array(size), new Float64Array(size)];
        for (const value of a) addInteger(left, 0, size, value);
        for (const value of b) addInteger(right, 0, size, value);
        addLimbs(left, 0, size, right, 0);
        expect(readInteger(left, 0, size)).toBe([...a, ...b].reduce((total, value) => total + value, 0n));
      }),
      { numRuns: 100 },
    );
  });
});
