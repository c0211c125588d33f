import type { Value } from "../../values/value.js";
import type { Column, ValueType } from "../../values/value-type.js";
import type { RandomSource } from "./random-source.js";

const list = (element: ValueType): ValueType => ({ kind: "list", element });
const decimal = (precision: number, scale: number): ValueType => ({ kind: "decimal", precision, scale });

/** The columns that random expressions read. */
export const hostileColumns: readonly Column[] = [
  { name: "b", type: { kind: "bool" } },
  { name: "i", type: { kind: "int64" } },
  { name: "j", type: { kind: "int64" } },
  { name: "f", type: { kind: "float64" } },
  { name: "g", type: { kind: "float64" } },
  { name: "d", type: decimal(12, 2) },
  { name: "e", type: decimal(38, 10) },
  { name: "w", type: decimal(5, 5) },
  { name: "s", type: { kind: "string" } },
  { name: "u", type: { kind: "string" } },
  { name: "t", type: { kind: "timestamp" } },
  { name: "v", type: { kind: "timestamp" } },
  { name: "day", type: { kind: "date" } },
  { name: "ints", type: list({ kind: "int64" }) },
  { name: "floats", type: list({ kind: "float64" }) },
  { name: "vector", type: { kind: "list", element: { kind: "float64" }, length: 3 } },
  { name: "words", type: list({ kind: "string" }) },
  { name: "amounts", type: list(decimal(38, 4)) },
];

const maxInt = 2n ** 63n - 1n;
const integers = [
  0n,
  1n,
  -1n,
  2n,
  -2n,
  10n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  maxInt,
  -maxInt - 1n,
  -maxInt,
  2n ** 62n,
  2n ** 31n,
];
const floats = [
  0,
  -0,
  0.5,
  -0.5,
  1,
  1.5,
  2.5,
  -2.5,
  0.1,
  0.285,
  1e15,
  9007199254740992,
  4503599627370495.5,
  9.2e18,
  -9.3e18,
  1e-7,
  1e16,
  1e300,
  -1e300,
  1.7976931348623157e308,
  5e-324,
  0.49999999999999994,
  NaN,
  Infinity,
  -Infinity,
  123456.789,
  1e22,
  1e23,
];
const texts = [
  "",
  " ",
  "  a ",
  "a",
  "ab",
  "abc",
  "AbC",
  "a,b,,c",
  "1",
  "+7",
  "-12",
  "007",
  "1.50",
  "-0.005",
  ".5",
  "5.",
  "1e3",
  "1e400",
  "1E-400",
  "true",
  "True",
  "null",
  "NaN",
  "2001-02-03",
  "2001-02-30",
  "2000-02-29",
  "0001-01-01",
  "9999-12-31",
  "2001-02-03 04:05:06",
  "2001-02-03T04:05:06.123456Z",
  "2001-02-03 04:05:06+05:30",
  "2001-02-03 24:00:00",
  " 2001-02-03",
  "2021-03-14 02:30:00-08",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "99999999999999999999999999999999999999",
  "0.00001",
  "𝒜b",
  "é",
  "e\u0301",
  "a%b_c",
  "%",
  "_",
  "ß",
  "ſ",
  "İ",
  "ΑΣ",
  "ǆ",
  "ﬁ",
  "\u{1F600}\u{1F3FD}",
  "日本語",
  "\n",
  "\t x",
  "'",
  "\\",
  "a\u0000b",
];
const moments = [
  0n,
  -1n,
  1n,
  -62_135_596_800_000_000n,
  253_402_300_799_999_999n,
  951_782_400_000_000n,
  1_709_164_800_000_000n,
  // Where clocks in New York, Paris, Sydney and Lord Howe change, to the second before and after.
  1_615_705_199_999_999n,
  1_615_705_200_000_000n,
  1_636_264_800_000_000n,
  1_636_264_799_999_999n,
  1_616_893_199_999_999n,
  1_616_893_200_000_000n,
  1_633_190_400_000_000n,
  1_617_462_000_000_000n,
  1_617_461_999_999_999n,
  -1_893_415_680_000_000n,
  1_325_203_200_000_000n,
  981_173_106_123_456n,
  -86_400_000_001n,
];
const days = [0, -1, -719_162, 2_932_896, 11_016, 19_782, 10_957, -25_567];

/** Values that engines are known to treat differently, among plain ones; raw as a source may hold them. */
export function hostileValue(type: ValueType, random: RandomSource): Value {
  if (random.chance(0.15)) return null;
  switch (type.kind) {
    case "bool":
      return random.chance(0.5);
    case "int64":
      return random.chance(0.4) ? random.pick(integers) : random.integer(random.pick([4, 8, 20, 40, 64]));
    case "float64":
      if (random.chance(0.4)) return random.pick(floats);
      return Number(random.integer(random.pick([8, 24, 53]))) / random.pick([1, 2, 10, 1000, 1e9, 1e-9]);
    case "decimal": {
      const bound = 10n ** BigInt(type.precision);
      const value = random.integer(random.pick([4, 16, 40, 128])) % bound;
      return random.chance(0.1) ? random.pick([bound - 1n, 1n - bound, 0n, bound / 2n, 5n]) : value;
    }
    case "string":
      return random.chance(0.7) ? random.pick(texts) : randomText(random);
    case "timestamp":
      if (random.chance(0.5)) return random.pick(moments);
      return random.chance(0.5)
        ? 1_600_000_000_000_000n + (random.integer(58) % 500_000_000_000_000n)
        : -62_135_596_800_000_000n + (BigInt.asUintN(60, random.integer(62)) % 315_537_897_600_000_000n);
    case "date":
      return random.chance(0.5) ? random.pick(days) : random.below(3_652_059) - 719_162;
    case "list": {
      const length = type.length ?? random.pick([0, 1, 1, 2, 3, 3, 6]);
      return Array.from({ length }, () => hostileValue(type.element, random));
    }
    default:
      return null;
  }
}

const letters = ["a", "b", "B", "c", " ", ",", "_", "%", "é", "𝒜", "1", ".", "-", "Σ"];

function randomText(random: RandomSource): string {
  return Array.from({ length: random.below(8) }, () => random.pick(letters)).join("");
}

/** One row, in the order of the columns. */
export function hostileRow(random: RandomSource): Value[] {
  return hostileColumns.map(({ type }) => hostileValue(type, random));
}
