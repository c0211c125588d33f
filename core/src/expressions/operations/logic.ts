import { compareValues } from "../../values/compare-values.js";
import type { Value } from "../../values/value.js";
import { once } from "../duckdb-once.js";
import type { Kernel, Operation } from "../operation.js";
import { allCommon, allComparable, bool, exactly } from "../type-rules.js";

/** Three-valued and/or: `decisive` wins over null. */
const both =
  (decisive: boolean): Kernel =>
  (a, b) => {
    if (a === decisive || b === decisive) return decisive;
    return a === null || b === null ? null : !decisive;
  };

/** The value furthest in a direction; nulls are skipped. */
const extreme =
  (direction: 1 | -1): Kernel =>
  (...values) => {
    let best: Value = null;
    for (const value of values) if (value !== null && (best === null || compareValues(value, best) * direction > 0)) best = value;
    return best;
  };

const ofTwo =
  (direction: 1 | -1): NonNullable<Operation["inline"]> =>
  (operands, _, constant) => {
    const kernel = constant(extremeOfTwo(direction));
    return operands.reduce((a, b) => `${kernel}(${a}, ${b})`);
  };

const extremeOfTwo =
  (direction: 1 | -1): Kernel =>
  (a, b) =>
    a === null ? b : b === null || compareValues(b, a) * direction <= 0 ? a : b;

export const logicOperations: readonly Operation[] = [
  {
    name: "and",
    signature: "a and b",
    documentation: "Three-valued conjunction: false wins over null.",
    example: "late > 0 and hub",
    operator: true,
    resolve: exactly([bool, bool], bool),
    nulls: "aware",
    duckdb: ([a, b]) => `(${a} AND ${b})`,
    javascript: () => both(false),
    inline: ([a, b]) => `${a} === false || ${b} === false ? false : ${a} === null || ${b} === null ? null : true`,
  },
  {
    name: "or",
    signature: "a or b",
    documentation: "Three-valued disjunction: true wins over null.",
    example: "late > 0 or hub",
    operator: true,
    resolve: exactly([bool, bool], bool),
    nulls: "aware",
    duckdb: ([a, b]) => `(${a} OR ${b})`,
    javascript: () => both(true),
    inline: ([a, b]) => `${a} === true || ${b} === true ? true : ${a} === null || ${b} === null ? null : false`,
  },
  {
    name: "not",
    signature: "not a",
    documentation: "Negation; null stays null.",
    example: "not hub",
    operator: true,
    resolve: exactly([bool], bool),
    duckdb: ([a]) => `(NOT ${a})`,
    javascript: () => (a) => a !== true,
    inline: ([a]) => `!${a}`,
  },
  {
    name: "is_null",
    signature: "a is null",
    documentation: "Whether the value is null; never null itself.",
    example: "weather is null",
    operator: true,
    resolve: allCommon(1, () => bool),
    nulls: "aware",
    duckdb: ([a]) => `(${a} IS NULL)`,
    javascript: () => (a) => a === null,
    inline: ([a]) => `${a} === null`,
  },
  {
    name: "is_not_null",
    signature: "a is not null",
    documentation: "Whether the value is there; never null itself.",
    example: "weather is not null",
    operator: true,
    resolve: allCommon(1, () => bool),
    nulls: "aware",
    duckdb: ([a]) => `(${a} IS NOT NULL)`,
    javascript: () => (a) => a !== null,
    inline: ([a]) => `${a} !== null`,
  },
  {
    name: "coalesce",
    signature: "coalesce(a, b, …)",
    documentation: "The first that is not null.",
    example: "coalesce(weather, 'unknown')",
    resolve: allCommon(1, (common) => common),
    nulls: "aware",
    duckdb: (operands) => `coalesce(${operands.join(", ")})`,
    javascript:
      () =>
      (...values) => {
        for (const value of values) if (value !== null) return value;
        return null;
      },
    inline: (operands) => operands.join(" ?? "),
  },
  {
    name: "nullif",
    signature: "nullif(a, b)",
    documentation: "a, or null where a equals b.",
    example: "nullif(departures, 0)",
    resolve: allComparable(2, (common) => common, 2),
    nulls: "aware",
    duckdb: ([a = "", b = ""]) => once([a, b], (x, y) => `(CASE WHEN ${x} = ${y} THEN NULL ELSE ${x} END)`),
    javascript: () => (a, b) => (a !== null && b !== null && compareValues(a, b) === 0 ? null : a),
  },
  {
    name: "least",
    signature: "least(a, b, …)",
    documentation: "The smallest; nulls are skipped.",
    example: "least(delay, 60)",
    resolve: allComparable(1, (common) => common),
    nulls: "aware",
    duckdb: (operands) => `least(${operands.join(", ")})`,
    javascript: () => extreme(-1),
    inline: ofTwo(-1),
  },
  {
    name: "greatest",
    signature: "greatest(a, b, …)",
    documentation: "The greatest; nulls are skipped.",
    example: "greatest(delay, 0)",
    resolve: allComparable(1, (common) => common),
    nulls: "aware",
    duckdb: (operands) => `greatest(${operands.join(", ")})`,
    javascript: () => extreme(1),
    inline: ofTwo(1),
  },
];
