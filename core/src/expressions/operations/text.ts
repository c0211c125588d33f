import { md5 } from "../md5.js";
import { once } from "../duckdb-once.js";
import type { Call, Kernel, Operation } from "../operation.js";
import type { TypedExpression } from "../typed-tree.js";
import { changeCase, codePoints, splitPart, substring, trimSpaces } from "../text-in-javascript.js";
import { bool, exactly, int64, string, words } from "../type-rules.js";

const text = (compute: (a: string, b: string, c: string) => string | boolean) => (): Kernel => (a, b, c) =>
  compute(a as string, b as string, c as string);

const same =
  (name: string): Operation["duckdb"] =>
  (operands) =>
    `${name}(${operands.join(", ")})`;

/** A literal of 1 (or `least`) and more, within 9 digits. */
const isPlain = (argument: TypedExpression | undefined, least: bigint): boolean =>
  argument?.node === "literal" &&
  typeof argument.value === "bigint" &&
  argument.value >= least &&
  argument.value < 1_000_000_000n;

/**
 * DuckDB's own substr is used where start and count are plain. For a start before the text it gives one answer for
 * ASCII columns and another for others, so everything else is computed: the range from zero, then clipped.
 */
function substr([s = "", start = "", count = ""]: readonly string[], call: Call): string {
  if (isPlain(call.arguments[1], 1n) && isPlain(call.arguments[2], 0n)) return `substr(${s}, ${start}, ${count})`;
  const limited = (n: string): string => `greatest(least(${n}, 2147483647), -2147483647)`;
  return once([s, start, count], (text, first, size) => {
    const from = `CASE WHEN ${first} > 0 THEN ${limited(first)} - 1 WHEN ${first} < 0 THEN length(${text}) + ${limited(first)} ELSE -1 END`;
    const range = once([`[${from}, ${limited(size)}]`], (r) => {
      const low = `greatest(${r}[1] + least(${r}[2], 0), 0)`;
      return `substr(${text}, ${low} + 1, greatest(${r}[1] + greatest(${r}[2], 0) - ${low}, 0))`;
    });
    return `(CASE WHEN ${first} IS NOT NULL AND ${size} IS NOT NULL THEN ${range} END)`;
  });
}

const newLetters =
  "letters of Unicode 16 and later keep their case where an engine's tables are older: DuckDB 1.5 has those of Unicode 15.";
const encoder = new TextEncoder();

export const textOperations: readonly Operation[] = [
  {
    name: "concat_operator",
    signature: "a || b",
    documentation: "Two texts one after the other; null if either is null.",
    example: "origin || '-' || state",
    operator: true,
    resolve: exactly([string, string], string),
    duckdb: ([a, b]) => `(${a} || ${b})`,
    javascript: text((a, b) => a + b),
    inline: ([a, b]) => `${a} + ${b}`,
  },
  {
    name: "concat",
    signature: "concat(a, b, …)",
    documentation: "Texts one after the other; nulls are skipped.",
    example: "concat(origin, '/', weather)",
    resolve: (types) =>
      types.length > 0 && types.every(({ kind }) => kind === "string" || kind === "null")
        ? { type: string, operands: types.map(() => string) }
        : `takes texts, not (${words(types)}); cast the others to string`,
    nulls: "aware",
    duckdb: same("concat"),
    javascript:
      () =>
      (...values) =>
        values.reduce<string>((all, value) => all + ((value as string | null) ?? ""), ""),
    inline: (operands) => operands.map((operand) => `(${operand} ?? "")`).join(" + "),
  },
  {
    name: "lower",
    signature: "lower(s)",
    documentation: "In lower case, code point by code point.",
    example: "lower(name)",
    differs: newLetters,
    resolve: exactly([string], string),
    duckdb: same("lower"),
    javascript: text((a) => changeCase(a, "lower")),
  },
  {
    name: "upper",
    signature: "upper(s)",
    documentation: "In upper case, code point by code point: no letter becomes two.",
    example: "upper(name)",
    differs: newLetters,
    resolve: exactly([string], string),
    duckdb: same("upper"),
    javascript: text((a) => changeCase(a, "upper")),
  },
  {
    name: "trim",
    signature: "trim(s)",
    documentation: "Without spaces at both ends; other white space stays.",
    example: "trim(name)",
    resolve: exactly([string], string),
    duckdb: ([s]) => `trim(${s}, ' ')`,
    javascript: text(trimSpaces),
  },
  {
    name: "length",
    signature: "length(s)",
    documentation: "Number of code points.",
    example: "length(name)",
    resolve: exactly([string], int64),
    duckdb: same("length"),
    javascript: () => (s) => BigInt(codePoints(s as string)),
  },
  {
    name: "substr",
    signature: "substr(s, start, count)",
    documentation:
      "`count` code points from `start`: 1 is the first, -1 the last. A negative count takes those before `start`. What lies outside the text is left out.",
    example: "substr(name, 1, 3)",
    resolve: exactly([string, int64, int64], string),
    duckdb: substr,
    javascript: () => (s, start, count) => substring(s as string, Number(start), Number(count)),
  },
  {
    name: "replace",
    signature: "replace(s, from, to)",
    documentation: "Every `from` replaced by `to`; an empty `from` changes nothing.",
    example: "replace(name, ' ', '_')",
    resolve: exactly([string, string, string], string),
    duckdb: same("replace"),
    javascript: text((s, from, to) => (from === "" ? s : s.replaceAll(from, () => to))),
  },
  {
    name: "contains",
    signature: "contains(s, part)",
    documentation: "Whether `part` is in `s`.",
    example: "contains(name, 'Intl')",
    resolve: exactly([string, string], bool),
    duckdb: same("contains"),
    javascript: text((a, b) => a.includes(b)),
  },
  {
    name: "starts_with",
    signature: "starts_with(s, part)",
    documentation: "Whether `s` begins with `part`.",
    example: "starts_with(origin, 'S')",
    resolve: exactly([string, string], bool),
    duckdb: same("starts_with"),
    javascript: text((a, b) => a.startsWith(b)),
  },
  {
    name: "ends_with",
    signature: "ends_with(s, part)",
    documentation: "Whether `s` ends with `part`.",
    example: "ends_with(origin, 'O')",
    resolve: exactly([string, string], bool),
    duckdb: same("ends_with"),
    javascript: text((a, b) => a.endsWith(b)),
  },
  {
    name: "split_part",
    signature: "split_part(s, separator, n)",
    documentation:
      "The n-th part of `s` between separators: 1 is the first, -1 the last; empty where there is none. An empty separator parts every code point.",
    example: "split_part(name, ' ', 2)",
    resolve: exactly([string, string, int64], string),
    duckdb: ([s = "", separator = "", n = ""]) =>
      once([s, separator, n], (x, y, z) => {
        const given = [x, y, z].map((name) => `${name} IS NOT NULL`).join(" AND ");
        return `(CASE WHEN ${given} THEN coalesce(string_split(${x}, ${y})[${z}], '') END)`;
      }),
    javascript: () => (s, separator, n) => splitPart(s as string, separator as string, n as bigint),
  },
  {
    name: "hash_bucket",
    signature: "hash_bucket(s, n)",
    documentation:
      "A bucket 0…n−1: the first 15 hexadecimal digits of the MD5 of the text's UTF-8 bytes, modulo n. Null unless n > 0.",
    example: "hash_bucket(origin, 100)",
    resolve: exactly([string, int64], int64),
    duckdb: ([s, n]) => `(('0x' || substr(md5(${s}), 1, 15))::BIGINT % greatest(${n}, 0))`,
    javascript: () => (s, n) =>
      (n as bigint) > 0n ? BigInt(`0x${md5(encoder.encode(s as string)).slice(0, 15)}`) % (n as bigint) : null,
  },
];
