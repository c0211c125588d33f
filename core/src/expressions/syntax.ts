import type { Span } from "../diagnostic.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";

/** What the parser produces: operators are calls too, by the catalogue's names. */
export type Syntax =
  | { readonly kind: "literal"; readonly type: ValueType; readonly value: Value; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "star"; readonly span: Span }
  /** What could not be read; a problem tells of it. */
  | { readonly kind: "error"; readonly span: Span }
  | {
      readonly kind: "call";
      readonly operation: string;
      readonly arguments: readonly Syntax[];
      readonly span: Span;
      readonly nameSpan: Span;
    }
  | { readonly kind: "cast"; readonly operand: Syntax; readonly type: ValueType; readonly span: Span }
  | {
      readonly kind: "case";
      readonly branches: readonly { readonly when: Syntax; readonly then: Syntax }[];
      readonly otherwise?: Syntax;
      readonly span: Span;
    };
