import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { Interval } from "../../values/value.js";
import type { ValueType } from "../../values/value-type.js";
import { addInterval } from "../time-in-javascript.js";
import { unscaled } from "../decimal-sum-in-duckdb.js";
import { nonzero } from "../duckdb-once.js";
import { operandType, type Call, type Kernel, type Operation } from "../operation.js";
import { additive, exactly, float64, multiplicative, oneNumber, remainder, wholeQuotient } from "../type-rules.js";

// The casts in these forms state what the type rules have established for each operand.
type Integers = (a: bigint, b: bigint) => bigint;
type Floats = (a: number, b: number) => number;

const int64OrNull = (value: bigint): bigint | null => (BigInt.asIntN(64, value) === value ? value : null);

function arithmetic({ type }: Call, integers: Integers, floats: Floats): Kernel {
  if (type.kind === "float64") return (a, b) => floats(a as number, b as number);
  if (type.kind !== "decimal") return (a, b) => int64OrNull(integers(a as bigint, b as bigint));
  const bound = 10n ** BigInt(type.precision);
  return (a, b) => {
    const result = integers(a as bigint, b as bigint);
    return result < bound && result > -bound ? result : null;
  };
}

const infix =
  (operator: string): NonNullable<Operation["inline"]> =>
  ([a, b], { type }) =>
    type.kind === "float64" ? `${a} ${operator} ${b}` : undefined;

const guarded =
  (operator: string): Operation["duckdb"] =>
  ([a, b], { type }) => {
    // Floats have infinities, and a decimal of less than 38 digits has room by its type.
    if (type.kind === "float64") return `(${a} ${operator} ${b})`;
    const sql = `CAST(${a} ${operator} ${b} AS ${toDuckdbType(type)})`;
    return type.kind === "decimal" && type.precision < 38 ? sql : `TRY(${sql})`;
  };

/** DuckDB multiplies decimals of up to 18 digits within 18 digits, unless one is wider. */
function widened(sql: string, call: Call): string {
  const [type, operand] = [call.type, operandType(call)];
  if (type.kind !== "decimal" || operand.kind !== "decimal" || type.precision <= 18 || operand.precision > 18) return sql;
  return `CAST(${sql} AS ${toDuckdbType({ ...operand, precision: 19 })})`;
}

const isPlainDivisor = (call: Call): boolean => {
  const divisor = call.arguments[1];
  return divisor?.node === "literal" && typeof divisor.value === "bigint" && divisor.value !== 0n && divisor.value !== -1n;
};

export const arithmeticOperations: readonly Operation[] = [
  {
    name: "add",
    signature: "a + b",
    documentation: "Sum; int64 overflow is null, decimals stay exact. A timestamp plus an interval is a timestamp.",
    example: "delay + 5",
    operator: true,
    resolve: additive,
    duckdb: guarded("+"),
    javascript: (call) =>
      call.type.kind === "timestamp"
        ? (a, b) => addInterval(a as bigint, b as Interval, 1)
        : arithmetic(
            call,
            (a, b) => a + b,
            (a, b) => a + b,
          ),
    inline: infix("+"),
  },
  {
    name: "subtract",
    signature: "a - b",
    documentation: "Difference; int64 overflow is null, decimals stay exact. A timestamp minus an interval is a timestamp.",
    example: "scheduled_at - 1h",
    operator: true,
    resolve: additive,
    duckdb: guarded("-"),
    javascript: (call) =>
      call.type.kind === "timestamp"
        ? (a, b) => addInterval(a as bigint, b as Interval, -1)
        : arithmetic(
            call,
            (a, b) => a - b,
            (a, b) => a - b,
          ),
    inline: infix("-"),
  },
  {
    name: "multiply",
    signature: "a * b",
    documentation: "Product; int64 overflow is null; decimals stay exact and their places add up.",
    example: "fare * 2",
    operator: true,
    resolve: multiplicative,
    duckdb: ([a = "", b = ""], call) => guarded("*")([widened(a, call), b], call),
    javascript: (call) =>
      arithmetic(
        call,
        (a, b) => a * b,
        (a, b) => a * b,
      ),
    inline: infix("*"),
  },
  {
    name: "divide",
    signature: "a / b",
    documentation: "Quotient of two numbers as float64; division by zero is null.",
    example: "late / departures",
    operator: true,
    resolve: exactly([float64, float64], float64),
    duckdb: ([a, b = ""]) => `(${a} / ${nonzero(b)})`,
    javascript: () => (a, b) => (b === 0 ? null : (a as number) / (b as number)),
    inline: ([a, b]) => `${b} === 0 ? null : ${a} / ${b}`,
  },
  {
    name: "integer_divide",
    signature: "a // b",
    documentation:
      "Quotient truncated toward zero, in the numbers' common type (of decimals: without places); division by zero is null.",
    example: "distance // 100",
    operator: true,
    resolve: wholeQuotient,
    duckdb: ([a = "", b = ""], call) => {
      const { type } = call;
      if (type.kind === "float64") return `trunc(${a} / ${nonzero(b)})`;
      if (type.kind === "int64") return `TRY(${a} // ${b})`;
      const operand = operandType(call);
      if (operand.kind !== "decimal") throw new Error("// is of int64, float64 or decimals");
      return `CAST(${unscaled(operand, a)} // ${unscaled(operand, b)} AS ${toDuckdbType(type)})`;
    },
    javascript: ({ type }) =>
      type.kind === "float64"
        ? (a, b) => (b === 0 ? null : Math.trunc((a as number) / (b as number)))
        : (a, b) => (b === 0n ? null : quotient(type, a as bigint, b as bigint)),
  },
  {
    name: "modulo",
    signature: "a % b",
    documentation: "Remainder with the sign of the dividend; by zero is null.",
    example: "delay % 10",
    operator: true,
    resolve: remainder,
    // By an integer or decimal zero it is null in DuckDB too.
    duckdb: ([a, b = ""], call) => {
      if (call.type.kind === "float64") return `(${a} % ${nonzero(b)})`;
      // Of int64, DuckDB refuses the least one by -1, which is 0.
      return call.type.kind === "decimal" || isPlainDivisor(call)
        ? `(${a} % ${b})`
        : `CAST(CAST(${a} AS HUGEINT) % ${b} AS BIGINT)`;
    },
    javascript: ({ type }) =>
      type.kind === "float64"
        ? (a, b) => (b === 0 ? null : (a as number) % (b as number))
        : (a, b) => (b === 0n ? null : (a as bigint) % (b as bigint)),
  },
  {
    name: "negate",
    signature: "-a",
    documentation: "The opposite number; overflow is null.",
    example: "-delay",
    operator: true,
    resolve: oneNumber((type) => type),
    duckdb: ([a]) => `TRY(-(${a}))`,
    javascript: (call) =>
      operandType(call).kind === "float64" ? (a) => -(a as number) : (a) => wholeOrNull(call.type, -(a as bigint)),
    inline: ([a], { type }) => (type.kind === "float64" ? `-${a}` : undefined),
  },
];

function quotient(type: ValueType, a: bigint, b: bigint): bigint | null {
  return wholeOrNull(type, a / b);
}

function wholeOrNull(type: ValueType, value: bigint): bigint | null {
  return type.kind === "decimal" ? value : int64OrNull(value);
}
