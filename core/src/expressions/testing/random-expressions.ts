import type { RandomSource } from "./random-source.js";

/** What an expression gives, as far as its use elsewhere needs to know. `near` is compared within 4 ulp. */
export type Kind =
  "bool" | "int" | "float" | "decimal" | "text" | "time" | "date" | "ints" | "floats" | "texts" | "decimals" | "near";

/** A random expression: parts of text, and the expressions between them. */
export interface Draft {
  readonly kind: Kind;
  readonly parts: readonly string[];
  readonly operands: readonly Draft[];
}

/** What can be written for a kind: texts with an operand's kind between `{}`; alternatives of a kind by `|`. */
const forms: Readonly<Record<Kind, readonly string[]>> = {
  bool: [
    "({int} ~ {int})",
    "({float} ~ {float})",
    "({float} ~ {int})",
    "({decimal} ~ {decimal})",
    "({decimal} ~ {int})",
    "({text} ~ {text})",
    "({time} ~ {time})",
    "({date} ~ {time})",
    "({bool} ~ {bool})",
    "({bool} and {bool})",
    "({bool} or {bool})",
    "(not {bool})",
    "({int|float|text|time|ints} is null)",
    "({text|decimal|bool|floats} is not null)",
    "({int} in ({int}, {int}, null))",
    "({int} not in (1, 2, 3))",
    "({text} in ('a', 'ab', ''))",
    "({float} in ({float}, {int}))",
    "({float} between {float} and {int})",
    "({text} not between {text} and {text})",
    "({time} between {time} and {time})",
    "({text} like {text})",
    "({text} like 'a%')",
    "({text} not like '_b%')",
    "({text} like '%é%')",
    "contains({text}, {text})",
    "starts_with({text}, {text})",
    "ends_with({text}, {text})",
    "cast({text|int|float|decimal} as bool)",
    "list_contains({ints}, {int})",
    "list_contains({floats}, {float})",
    "list_contains({texts}, {text})",
    "list_contains({decimals}, {decimal})",
  ],
  int: [
    "({int} + {int})",
    "({int} - {int})",
    "({int} * {int})",
    "({int} // {int})",
    "({int} % {int})",
    "({int} % 7)",
    "(- {int})",
    "abs({int})",
    "sign({int|float|decimal})",
    "round({int})",
    "length({text})",
    "extract(@ from {time})",
    "date_diff('#', {time}, {time})",
    "hash_bucket({text}, {int})",
    "hash_bucket({text}, 100)",
    "cast({float|text|bool|decimal} as int64)",
    "len({ints|floats|texts|decimals})",
    "list_sum({ints})",
  ],
  float: [
    "({float} + {float})",
    "({float} - {int})",
    "({float} * {decimal})",
    "({float} // {float})",
    "({float} % {float})",
    "({float|int|decimal} / {float|int|decimal})",
    "(- {float})",
    "abs({float})",
    "round({float})",
    "floor({float})",
    "ceil({float})",
    "sqrt({float})",
    "extract(epoch from {time})",
    "cast({text|int|decimal|bool} as float64)",
    "dot({floats}, {floats})",
    "dot({floats}, {ints})",
    "list_sum({floats})",
    "cosine_similarity({floats}, {floats})",
  ],
  decimal: [
    "({decimal} + {decimal})",
    "({decimal} - {int})",
    "({decimal} * decimal '0.05')",
    "({decimal} * d)",
    "({decimal} // {decimal})",
    "({decimal} % {decimal})",
    "(- {decimal})",
    "abs({decimal})",
    "round({decimal})",
    "floor({decimal})",
    "ceil({decimal})",
    "cast({int|text|float|decimal|bool} as decimal(9,3))",
    "cast({int|text|float|decimal} as decimal(38,6))",
    "cast({float|decimal|text} as decimal(18,0))",
    "cast({decimal|float} as decimal(4,4))",
    "list_sum({decimals})",
  ],
  text: [
    "({text} || {text})",
    "lower({text})",
    "upper({text})",
    "trim({text})",
    "substr({text}, {int}, {int})",
    "substr({text}, 2, 3)",
    "replace({text}, {text}, {text})",
    "replace({text}, 'a', '')",
    "concat({text}, {text}, 'z')",
    "split_part({text}, {text}, {int})",
    "split_part({text}, ',', 2)",
    "split_part({text}, '', -1)",
    "cast({int|bool|decimal|date|time|float} as string)",
  ],
  time: ["({time} + ^)", "({date} - ^)", "date_trunc('#', {time})", "cast({date|text} as timestamp)", "at_zone({time}, '&')"],
  date: ["cast({time|text} as date)"],
  ints: ["[{int}, {int}]", "cast({floats} as list<int64>)", "cast({decimals} as list<int64>)"],
  floats: ["[{float}, {int}, 0.5]", "cast({ints} as list<float64>)", "cast({floats} as float64[3])"],
  texts: ["[{text}, {text}, null]", "cast({ints} as list<string>)"],
  decimals: ["[{decimal}, {decimal}]", "cast({ints} as list<decimal(9,2)>)"],
  near: [
    "ln({float})",
    "log10({float})",
    "exp({float} / 100)",
    "pow({float}, {float})",
    "pow({int}, 0.3)",
    "sqrt(exp({int} / 7))",
  ],
};

const anything = [
  "case when {bool} then {=} else {=} end",
  "case when {bool} then {=} when {bool} then {=} end",
  "coalesce({=}, {=})",
];
const comparable = [
  "least({=}, {=})",
  "greatest({=}, {=}, {=})",
  "nullif({=}, {=})",
  "case {int} when 1 then {=} when {int} then {=} end",
];

const leaves: Readonly<Record<Kind, readonly string[]>> = {
  bool: ["b", "true", "false", "null"],
  int: ["i", "j", "i", "0", "1", "-7", "3", "9223372036854775807", "-9223372036854775808"],
  float: ["f", "g", "f", "0.5", "-2.5", "1e3", "0.0", "1e300"],
  decimal: ["d", "e", "w", "decimal '1.20'", "decimal '-7'", "decimal '99999999999999999999999999999999999999'"],
  text: ["s", "u", "s", "'x'", "''", "'é𝒜'", "','"],
  time: ["t", "v", "t", "timestamp '2000-02-29 12:00:00'", "timestamp '2021-03-14 07:00:00'"],
  date: ["day", "date '2004-02-29'"],
  ints: ["ints", "[]", "[1, null, 3]"],
  floats: ["floats", "vector", "[1.0, 0.0, 2.5]", "[]"],
  texts: ["words", "['a', '']"],
  decimals: ["amounts", "[decimal '0.01']"],
  near: ["f"],
};

const symbols: Readonly<Record<string, readonly string[]>> = {
  "~": ["=", "<>", "<", "<=", ">", ">="],
  "@": ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "doy"],
  "#": ["year", "quarter", "month", "week", "day", "hour", "minute", "second"],
  "^": ["7d", "1h", "interval 1 month", "interval -3 year", "interval 90 second", "interval 13 month"],
  "&": [
    "America/New_York",
    "Europe/Paris",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
  ],
};

export const kinds = Object.keys(forms) as readonly Kind[];
const isComparable = (kind: Kind): boolean => ["bool", "int", "float", "decimal", "text", "time", "date"].includes(kind);

/** A random expression of a kind, at most `depth` levels above its leaves. */
export function randomExpression(kind: Kind, depth: number, random: RandomSource): Draft {
  if (kind !== "near" && (depth <= 0 || random.chance(0.15))) return leaf(kind, random.pick(leaves[kind]));
  const general = kind === "near" ? [] : [...anything, ...(isComparable(kind) ? comparable : [])];
  // Twice as often what only this kind has.
  const form = random.pick([...forms[kind], ...forms[kind], ...general]);
  const parts: string[] = [];
  const operands: Draft[] = [];
  for (const [index, piece] of form.split(/[{}]/).entries()) {
    if (index % 2 === 0) parts.push(piece.replace(/[~@#^&]/g, (symbol) => random.pick(symbols[symbol] ?? [symbol])));
    else {
      const of = piece === "=" ? kind : (random.pick(piece.split("|")) as Kind);
      operands.push(randomExpression(of, depth - 1, random));
    }
  }
  return { kind, parts, operands };
}

const leaf = (kind: Kind, text: string): Draft => ({ kind, parts: [text], operands: [] });

export function draftText({ parts, operands }: Draft): string {
  return parts.map((part, index) => part + (operands[index] === undefined ? "" : draftText(operands[index]))).join("");
}

/** Simpler expressions of the same kind: a part of it, or it with one part simpler. */
export function* simpler(draft: Draft): Iterable<Draft> {
  if (draft.operands.length === 0) {
    const first = leaves[draft.kind][0];
    if (first !== undefined && draft.kind !== "near" && draft.parts[0] !== first) yield leaf(draft.kind, first);
    return;
  }
  for (const operand of draft.operands) if (operand.kind === draft.kind) yield operand;
  if (draft.kind !== "near") for (const text of leaves[draft.kind]) yield leaf(draft.kind, text);
  for (const [index, operand] of draft.operands.entries())
    for (const smaller of simpler(operand))
      yield { ...draft, operands: draft.operands.map((one, at) => (at === index ? smaller : one)) };
}
