import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { Value } from "../../values/value.js";
import type { ValueType } from "../../values/value-type.js";
import { decimal } from "../common-type.js";
import { finite } from "../duckdb-once.js";
import { operandType, type Kernel, type Operation } from "../operation.js";
import { roundHalfAway } from "../round-half-away.js";
import { exactly, float64, int64, oneNumber } from "../type-rules.js";

const float = (compute: (x: number) => number | null) => (): Kernel => (x) => compute(x as number);

const transcendental = "within 4 units in the last place.";
const oneFloat = exactly([float64], float64);

/** int64 stays, a decimal loses its places, float64 stays. */
const whole = oneNumber((type) => (type.kind === "decimal" ? decimal(type.precision, 0) : type));

const rounded =
  (name: string): Operation["duckdb"] =>
  ([a = ""], call) =>
    call.type.kind === "int64" ? a : `CAST(${name}(${a}) AS ${toDuckdbType(call.type)})`;

/** Whole numbers from unscaled decimals: `direction` -1 is down, 1 up, 0 to the nearest, half away from zero. */
function roundDecimal(type: ValueType, direction: -1 | 0 | 1): (value: bigint) => bigint {
  const unit = 10n ** BigInt(type.kind === "decimal" ? type.scale : 0);
  return (value) => {
    const rest = value % unit;
    const truncated = value / unit;
    if (direction === 0) {
      const twice = (rest < 0n ? -rest : rest) * 2n;
      return twice >= unit && rest !== 0n ? truncated + (value < 0n ? -1n : 1n) : truncated;
    }
    return rest === 0n || value < 0n !== direction < 0 ? truncated : truncated + BigInt(direction);
  };
}

const rounding =
  (direction: -1 | 0 | 1, compute: (x: number) => number): Operation["javascript"] =>
  (call) => {
    const type = operandType(call);
    if (type.kind === "int64") return (x: Value) => x;
    if (type.kind === "float64") return (x) => compute(x as number);
    const round = roundDecimal(type, direction);
    return (x) => round(x as bigint);
  };

export const mathematicsOperations: readonly Operation[] = [
  {
    name: "ln",
    signature: "ln(x)",
    documentation: "Natural logarithm; null unless x > 0.",
    example: "ln(distance)",
    differs: transcendental,
    resolve: oneFloat,
    duckdb: ([x]) => `TRY(ln(${x}))`,
    javascript: float((x) => (x <= 0 ? null : Math.log(x))),
  },
  {
    name: "log10",
    signature: "log10(x)",
    documentation: "Decimal logarithm; null unless x > 0.",
    example: "log10(distance)",
    differs: transcendental,
    resolve: oneFloat,
    duckdb: ([x]) => `TRY(log10(${x}))`,
    javascript: float((x) => (x <= 0 ? null : Math.log10(x))),
  },
  {
    name: "sqrt",
    signature: "sqrt(x)",
    documentation: "Square root; null for negative x.",
    example: "sqrt(distance)",
    resolve: oneFloat,
    duckdb: ([x]) => `TRY(sqrt(${x}))`,
    javascript: float((x) => (x < 0 ? null : Math.sqrt(x))),
  },
  {
    name: "exp",
    signature: "exp(x)",
    documentation: "e to the power x.",
    example: "exp(-delay / 60)",
    differs: transcendental,
    resolve: oneFloat,
    duckdb: ([x]) => `exp(${x})`,
    javascript: float(Math.exp),
  },
  {
    name: "pow",
    signature: "pow(x, y)",
    documentation: "x to the power y as float64; null where that is no finite real number.",
    example: "pow(distance, 2)",
    differs: transcendental,
    resolve: exactly([float64, float64], float64),
    duckdb: ([x, y]) => finite(`pow(${x}, ${y})`),
    javascript: () => (x, y) => power(x as number, y as number),
  },
  {
    name: "abs",
    signature: "abs(x)",
    documentation: "Magnitude; overflow is null.",
    example: "abs(delay)",
    resolve: oneNumber((type) => type),
    duckdb: ([x]) => `TRY(abs(${x}))`,
    javascript: (call) =>
      operandType(call).kind === "float64"
        ? (x) => Math.abs(x as number)
        : (x) => ((x as bigint) >= 0n ? x : x === -(2n ** 63n) && call.type.kind === "int64" ? null : -(x as bigint)),
    inline: ([x], { type }) => (type.kind === "float64" ? `Math.abs(${x})` : undefined),
  },
  {
    name: "sign",
    signature: "sign(x)",
    documentation: "-1, 0 or 1 as int64.",
    example: "sign(delay)",
    resolve: oneNumber(() => int64),
    duckdb: ([x]) => `CAST(sign(${x}) AS BIGINT)`,
    javascript: (call) =>
      operandType(call).kind === "float64"
        ? (x) => BigInt(Math.sign(x as number) || 0)
        : (x) => ((x as bigint) === 0n ? 0n : (x as bigint) > 0n ? 1n : -1n),
  },
  {
    name: "round",
    signature: "round(x)",
    documentation: "Nearest whole number, half away from zero, in x's type (a decimal loses its places).",
    example: "round(distance / 100)",
    resolve: whole,
    duckdb: rounded("round"),
    javascript: rounding(0, roundHalfAway),
  },
  {
    name: "floor",
    signature: "floor(x)",
    documentation: "Greatest whole number not above x, in x's type (a decimal loses its places).",
    example: "floor(fare)",
    resolve: whole,
    duckdb: rounded("floor"),
    javascript: rounding(-1, Math.floor),
    inline: ([x], { type }) => (type.kind === "float64" ? `Math.floor(${x})` : undefined),
  },
  {
    name: "ceil",
    signature: "ceil(x)",
    documentation: "Least whole number not below x, in x's type (a decimal loses its places).",
    example: "ceil(fare)",
    resolve: whole,
    duckdb: rounded("ceil"),
    javascript: rounding(1, Math.ceil),
    inline: ([x], { type }) => (type.kind === "float64" ? `Math.ceil(${x})` : undefined),
  },
];

/** C's pow, which says 1 where JavaScript says NaN. */
function power(x: number, y: number): number | null {
  // As in C: 1 to any power is 1, and so is -1 to the power ±infinity.
  const result = x === 1 || y === 0 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
  return Number.isFinite(result) ? result : null;
}
