/** The types of contracts §1. `null` is the type of a literal null; `interval` exists only inside expressions. */
export type ValueType =
  | { readonly kind: "bool" | "int64" | "float64" | "string" | "timestamp" | "date" | "interval" | "bytes" | "null" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly element: ValueType; readonly length?: number };

/** A named, typed column. */
export interface Column {
  readonly name: string;
  readonly type: ValueType;
}
