import type { Span } from "../diagnostic.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";

/**
 * The typed tree every back-end compiles. It knows no engine: `operation` names an entry of the catalogue
 * (operators are entries too), and implicit conversions are explicit `cast` nodes.
 */
export type TypedExpression =
  | { readonly node: "literal"; readonly type: ValueType; readonly value: Value; readonly span: Span }
  | { readonly node: "column"; readonly type: ValueType; readonly name: string; readonly span: Span }
  | {
      readonly node: "call";
      readonly type: ValueType;
      readonly operation: string;
      readonly arguments: readonly TypedExpression[];
      readonly span: Span;
    }
  | { readonly node: "cast"; readonly type: ValueType; readonly operand: TypedExpression; readonly span: Span }
  | {
      readonly node: "case";
      readonly type: ValueType;
      readonly branches: readonly { readonly when: TypedExpression; readonly then: TypedExpression }[];
      readonly otherwise?: TypedExpression;
      readonly span: Span;
    };

/** One aggregate call over expressions of the source row: `count(*)` has no operand. */
export interface TypedAggregate {
  readonly function: string;
  readonly type: ValueType;
  readonly operand?: TypedExpression;
  /** The n, k or p of `first_n`, `top_k`, `approx_percentile`. */
  readonly parameter?: number;
  readonly span: Span;
}
