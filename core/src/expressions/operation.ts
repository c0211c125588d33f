import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import type { TypedExpression } from "./typed-tree.js";

export type Call = Extract<TypedExpression, { node: "call" }>;

/** What a call gives: its type, and the type each argument is converted to. A string says what is wrong. */
export type Resolution = { readonly type: ValueType; readonly operands: readonly ValueType[] } | string;

/** Computes a call from its operands; never throws. */
export type Kernel = (a: Value, b: Value, c: Value, ...more: readonly Value[]) => Value;

/** The forms of one operation, one per engine: the tree itself holds no engine's text. */
interface Forms {
  /** DuckDB SQL from the operands' SQL; it raises no error on any data. */
  readonly duckdb: (operands: readonly string[], call: Call) => string;
  readonly javascript: (call: Call) => Kernel;
  /**
   * A JavaScript expression over the operands' variables where that is faster than calling the kernel; undefined where
   * it is not. `constant` names a value that the code may use. Operands are not null unless `nulls` is "aware".
   */
  readonly inline?: (operands: readonly string[], call: Call, constant: (value: unknown) => string) => string | undefined;
}

/** One operator or function of the language: everything that is known of it. */
export interface Operation extends Forms {
  readonly name: string;
  /** How it is written. */
  readonly signature: string;
  readonly documentation: string;
  readonly example: string;
  /** What engines may differ by; undefined where they are equal to the last bit. */
  readonly differs?: string;
  /** Made by an operator (`a + b` is `add`), not by a call. */
  readonly operator?: true;
  /** `literals` holds the arguments that are literal texts, by position. */
  readonly resolve: (types: readonly ValueType[], literals: readonly (string | undefined)[]) => Resolution;
  /** An argument that has to be one of these literal texts. */
  readonly choice?: { readonly index: number; readonly what: string; readonly values: readonly string[]; readonly list: string };
  /** "aware": it looks at nulls itself. In all others a null operand gives null. */
  readonly nulls?: "aware";
}

/** The literal text at a position; the binder has checked that it is one of the operation's choices. */
export function literalText(call: Call, index: number): string {
  const argument = call.arguments[index];
  if (argument?.node !== "literal" || typeof argument.value !== "string")
    throw new Error(`a typed ${call.operation} has a literal argument ${index}`);
  return argument.value;
}

/** The type of an operand. */
export function operandType(call: Call, index = 0): ValueType {
  return call.arguments[index]?.type ?? { kind: "null" };
}
