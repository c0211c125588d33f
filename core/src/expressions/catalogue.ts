import { printValueType, sameType } from "../values/value-type-text.js";
import type { ValueType } from "../values/value-type.js";

/** What a call gives: its type, and the type each argument is converted to. A string says what is wrong. */
export type Resolution = { readonly type: ValueType; readonly operands: readonly ValueType[] } | string;

/** One operator or function of the language: the only place that knows its types and its words. */
export interface Operation {
  readonly name: string;
  /** How it is written; undefined for what only operators make (`a + b` is `add`). */
  readonly signature: string;
  readonly documentation: string;
  readonly example: string;
  readonly operator: boolean;
  readonly resolve: (types: readonly ValueType[]) => Resolution;
}

const bool: ValueType = { kind: "bool" };
const int64: ValueType = { kind: "int64" };
const float64: ValueType = { kind: "float64" };
const string: ValueType = { kind: "string" };
const timestamp: ValueType = { kind: "timestamp" };

const isNumber = (type: ValueType): boolean => ["int64", "float64", "decimal", "null"].includes(type.kind);
const isTime = (type: ValueType): boolean => type.kind === "timestamp" || type.kind === "date" || type.kind === "null";

/** The type that holds the values of both, or undefined: int64 → decimal → float64, date → timestamp, null → anything. */
export function commonType(a: ValueType, b: ValueType): ValueType | undefined {
  if (sameType(a, b) || b.kind === "null") return a;
  if (a.kind === "null") return b;
  if (isNumber(a) && isNumber(b)) {
    if (a.kind === "float64" || b.kind === "float64") return float64;
    const [x, y] = [decimalOf(a), decimalOf(b)];
    const scale = Math.max(x.scale, y.scale);
    return decimal(Math.max(x.precision - x.scale, y.precision - y.scale) + scale, scale);
  }
  return isTime(a) && isTime(b) ? timestamp : undefined;
}

function decimalOf(type: ValueType): { precision: number; scale: number } {
  return type.kind === "decimal" ? type : { precision: 19, scale: 0 };
}

function decimal(precision: number, scale: number): ValueType {
  return { kind: "decimal", precision: Math.min(precision, 38), scale };
}

const words = (types: readonly ValueType[]): string => types.map(printValueType).join(", ");

function exactly(...wanted: readonly ValueType[]): (result: ValueType) => (types: readonly ValueType[]) => Resolution {
  return (result) => (types) => {
    if (types.length !== wanted.length)
      return `takes ${wanted.length} argument${wanted.length === 1 ? "" : "s"}, not ${types.length}`;
    const fits = types.every((type, index) => {
      const target = wanted[index];
      return target !== undefined && (type.kind === "null" || commonType(type, target)?.kind === target.kind);
    });
    return fits ? { type: result, operands: wanted } : `takes (${words(wanted)}), not (${words(types)})`;
  };
}

function allCommon(least: number, result: (common: ValueType) => ValueType): (types: readonly ValueType[]) => Resolution {
  return (types) => {
    if (types.length < least) return `takes at least ${least} arguments, not ${types.length}`;
    let common: ValueType | undefined = { kind: "null" };
    for (const type of types) common = common === undefined ? undefined : commonType(common, type);
    if (common === undefined || common.kind === "interval") return `needs values of one type, not (${words(types)})`;
    return { type: result(common), operands: types.map(() => common) };
  };
}

const comparison = (types: readonly ValueType[]): Resolution => allCommon(2, () => bool)(types);

/** `+` and `-`: numbers, and a time with an interval. */
function additive(types: readonly ValueType[]): Resolution {
  const [a = int64, b = int64] = types;
  if (isTime(a) && b.kind === "interval") return { type: timestamp, operands: [timestamp, b] };
  if (!isNumber(a) || !isNumber(b)) return `takes two numbers, or a timestamp and an interval, not (${words(types)})`;
  const common = commonType(a, b) ?? float64;
  if (common.kind !== "decimal") return numeric(common);
  const [x, y] = [decimalOf(a), decimalOf(b)];
  const scale = Math.max(x.scale, y.scale);
  const result = decimal(Math.max(x.precision - x.scale, y.precision - y.scale) + scale + 1, scale);
  return { type: result, operands: [result, result] };
}

function numeric(common: ValueType): Resolution {
  const type = common.kind === "null" ? int64 : common;
  return { type, operands: [type, type] };
}

function multiplicative(types: readonly ValueType[]): Resolution {
  const [a = int64, b = int64] = types;
  if (!isNumber(a) || !isNumber(b)) return `takes two numbers, not (${words(types)})`;
  const common = commonType(a, b) ?? float64;
  if (common.kind !== "decimal") return numeric(common);
  const [x, y] = [decimalOf(a), decimalOf(b)];
  if (x.scale + y.scale > 38) return `would need a scale of ${x.scale + y.scale}; cast one side to a smaller scale`;
  return {
    type: decimal(x.precision + y.precision, x.scale + y.scale),
    operands: [decimal(x.precision, x.scale), decimal(y.precision, y.scale)],
  };
}

function sameNumber(types: readonly ValueType[]): Resolution {
  const [a = int64] = types;
  if (types.length !== 1 || !isNumber(a)) return `takes one number, not (${words(types)})`;
  const type = a.kind === "null" ? int64 : a;
  return { type, operands: [type] };
}

function roundable(types: readonly ValueType[]): Resolution {
  const [a = float64] = types;
  if (types.length !== 1 || (a.kind !== "int64" && a.kind !== "float64" && a.kind !== "null"))
    return `takes one int64 or float64, not (${words(types)})`;
  return a.kind === "int64" ? { type: int64, operands: [int64] } : { type: float64, operands: [float64] };
}

function remainder(types: readonly ValueType[]): Resolution {
  const [a = int64, b = int64] = types;
  const common = isNumber(a) && isNumber(b) ? commonType(a, b) : undefined;
  if (common === undefined || common.kind === "decimal") return `takes two int64 or two float64 values, not (${words(types)})`;
  return numeric(common);
}

const extractUnits = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "doy", "epoch"];
const truncateUnits = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];

/** Units that a literal first argument may name, by function. */
export const unitsOf: Readonly<Record<string, readonly string[]>> = {
  extract: extractUnits,
  date_trunc: truncateUnits,
  date_diff: truncateUnits,
};

const timed =
  (count: number, result: ValueType) =>
  (types: readonly ValueType[]): Resolution => {
    const times = types.slice(1);
    if (types[0]?.kind !== "string" || times.length !== count || !times.every(isTime))
      return `takes a unit and ${count} timestamp${count === 1 ? "" : "s"}, not (${words(types)})`;
    return { type: result, operands: [string, ...times.map(() => timestamp)] };
  };

const operators: readonly [
  name: string,
  signature: string,
  documentation: string,
  example: string,
  resolve: Operation["resolve"],
][] = [
  ["add", "a + b", "Sum; int64 overflow is null. A timestamp plus an interval is a timestamp.", "delay + 5", additive],
  [
    "subtract",
    "a - b",
    "Difference; int64 overflow is null. A timestamp minus an interval is a timestamp.",
    "delay - 5",
    additive,
  ],
  ["multiply", "a * b", "Product; int64 overflow is null; decimals stay exact.", "price * quantity", multiplicative],
  ["divide", "a / b", "Quotient as float64; division by zero is null.", "late / departures", exactly(float64, float64)(float64)],
  [
    "integer_divide",
    "a // b",
    "Quotient of int64 values, truncated toward zero; division by zero is null.",
    "minutes // 60",
    exactly(int64, int64)(int64),
  ],
  ["modulo", "a % b", "Remainder with the sign of the dividend; by zero is null.", "id % 10", remainder],
  ["negate", "-a", "The opposite number; overflow is null.", "-delay", sameNumber],
  ["equal", "a = b", "Whether two values are equal; null if either is null. NaN equals NaN.", "state = 'CA'", comparison],
  ["not_equal", "a <> b", "Whether two values differ; null if either is null.", "state <> 'CA'", comparison],
  ["less", "a < b", "Order; strings by code point, NaN above every number.", "delay < 15", comparison],
  ["less_equal", "a <= b", "Order; strings by code point, NaN above every number.", "delay <= 15", comparison],
  ["greater", "a > b", "Order; strings by code point, NaN above every number.", "delay > 15", comparison],
  ["greater_equal", "a >= b", "Order; strings by code point, NaN above every number.", "delay >= 15", comparison],
  ["and", "a and b", "Three-valued conjunction: false wins over null.", "late and hub", exactly(bool, bool)(bool)],
  ["or", "a or b", "Three-valued disjunction: true wins over null.", "late or hub", exactly(bool, bool)(bool)],
  ["not", "not a", "Negation; null stays null.", "not hub", exactly(bool)(bool)],
  ["is_null", "a is null", "Whether the value is null; never null itself.", "delay is null", allCommon(1, () => bool)],
  [
    "is_not_null",
    "a is not null",
    "Whether the value is there; never null itself.",
    "delay is not null",
    allCommon(1, () => bool),
  ],
  [
    "in",
    "a in (b, …)",
    "Whether a value is among others; null if it is not and one of them is null.",
    "state in ('CA', 'NY')",
    allCommon(2, () => bool),
  ],
  [
    "like",
    "a like pattern",
    "Whether a text matches: `%` is any text, `_` any one character; case matters.",
    "name like 'San %'",
    exactly(string, string)(bool),
  ],
  [
    "concat_operator",
    "a || b",
    "Two texts one after the other; null if either is null.",
    "origin || destination",
    exactly(string, string)(string),
  ],
];

const functions: typeof operators = [
  ["ln", "ln(x)", "Natural logarithm; null unless x > 0.", "ln(distance)", exactly(float64)(float64)],
  ["log10", "log10(x)", "Decimal logarithm; null unless x > 0.", "log10(distance)", exactly(float64)(float64)],
  ["sqrt", "sqrt(x)", "Square root; null for negative x.", "sqrt(distance)", exactly(float64)(float64)],
  ["exp", "exp(x)", "e to the power x.", "exp(-age)", exactly(float64)(float64)],
  [
    "pow",
    "pow(x, y)",
    "x to the power y; null where that is no real number.",
    "pow(distance, 2)",
    exactly(float64, float64)(float64),
  ],
  ["abs", "abs(x)", "Magnitude; overflow is null.", "abs(delay)", sameNumber],
  [
    "sign",
    "sign(x)",
    "-1, 0 or 1 as int64.",
    "sign(delay)",
    (types) => {
      const found = roundable(types);
      return typeof found === "string" ? found : { ...found, type: int64 };
    },
  ],
  ["round", "round(x)", "Nearest whole number, half away from zero.", "round(mean)", roundable],
  ["floor", "floor(x)", "Greatest whole number not above x.", "floor(mean)", roundable],
  ["ceil", "ceil(x)", "Least whole number not below x.", "ceil(mean)", roundable],
  ["least", "least(a, b, …)", "The smallest; nulls are skipped.", "least(delay, 60)", allCommon(1, (common) => common)],
  ["greatest", "greatest(a, b, …)", "The greatest; nulls are skipped.", "greatest(delay, 0)", allCommon(1, (common) => common)],
  ["coalesce", "coalesce(a, b, …)", "The first that is not null.", "coalesce(delay, 0)", allCommon(1, (common) => common)],
  ["nullif", "nullif(a, b)", "a, or null where a equals b.", "nullif(total, 0)", allCommon(2, (common) => common)],
  ["lower", "lower(s)", "In lower case, character by character.", "lower(city)", exactly(string)(string)],
  ["upper", "upper(s)", "In upper case, character by character.", "upper(city)", exactly(string)(string)],
  ["trim", "trim(s)", "Without spaces at both ends.", "trim(city)", exactly(string)(string)],
  ["length", "length(s)", "Number of code points.", "length(city)", exactly(string)(int64)],
  [
    "substr",
    "substr(s, start, count)",
    "`count` code points from `start` (the first is 1); nothing for a start below 1 or a negative count.",
    "substr(origin, 1, 1)",
    exactly(string, int64, int64)(string),
  ],
  [
    "replace",
    "replace(s, from, to)",
    "Every `from` replaced by `to`.",
    "replace(city, ' ', '_')",
    exactly(string, string, string)(string),
  ],
  ["contains", "contains(s, part)", "Whether `part` is in `s`.", "contains(name, 'Intl')", exactly(string, string)(bool)],
  [
    "starts_with",
    "starts_with(s, part)",
    "Whether `s` begins with `part`.",
    "starts_with(origin, 'S')",
    exactly(string, string)(bool),
  ],
  ["ends_with", "ends_with(s, part)", "Whether `s` ends with `part`.", "ends_with(origin, 'O')", exactly(string, string)(bool)],
  [
    "concat",
    "concat(a, b, …)",
    "Texts one after the other; nulls are skipped.",
    "concat(origin, '-', destination)",
    (types) =>
      types.length > 0 && types.every(({ kind }) => kind === "string" || kind === "null")
        ? { type: string, operands: types.map(() => string) }
        : `takes texts, not (${words(types)}); cast the others to string`,
  ],
  [
    "extract",
    "extract(unit from t)",
    `A part of a timestamp: ${extractUnits.join(", ")}. \`dow\` 0 is Sunday; \`epoch\` is seconds as float64.`,
    "extract(hour from scheduled_at)",
    timed(1, int64),
  ],
  [
    "date_trunc",
    "date_trunc(unit, t)",
    "The start of the unit that holds t; weeks start on Monday.",
    "date_trunc('day', t)",
    timed(1, timestamp),
  ],
  [
    "date_diff",
    "date_diff(unit, a, b)",
    "Number of unit boundaries crossed from a to b.",
    "date_diff('day', booked, t)",
    timed(2, int64),
  ],
  [
    "hash_bucket",
    "hash_bucket(s, n)",
    "A bucket 0…n−1 from the MD5 of the text, the same on every engine; null unless n > 0.",
    "hash_bucket(user_id, 100)",
    exactly(string, int64)(int64),
  ],
];

const entry =
  (operator: boolean) =>
  ([name, signature, documentation, example, resolve]: (typeof operators)[number]): [string, Operation] => [
    name,
    { name, signature, documentation, example, operator, resolve },
  ];

/** Every operator and function, by name. */
export const operations: ReadonlyMap<string, Operation> = new Map([
  ...operators.map(entry(true)),
  ...functions.map(entry(false)),
]);
