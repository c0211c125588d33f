import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import type { TypedAggregate } from "./typed-tree.js";

/** What DuckDB's form of an aggregate is written from; all but `aggregate` are SQL texts. */
export interface DuckdbAggregate {
  readonly aggregate: TypedAggregate;
  /** The operand, or `*`. */
  readonly x: string;
  /** Order of the rows, event time first. */
  readonly order: string;
  /** ` FILTER (…)` for the rows that count, or nothing. */
  readonly rows: string;
  /** The same, and the operand is not null. */
  readonly present: string;
}

/** One aggregate of contracts §3: over an expression of the source row, nulls skipped. */
export interface Aggregate {
  readonly name: string;
  readonly signature: string;
  readonly documentation: string;
  readonly example: string;
  /** What engines may differ by; undefined where they are equal to the last bit. */
  readonly differs?: string;
  /** What its literal second argument is: a whole number from 1, or a share from 0 to 1. */
  readonly parameter?: "number" | "share";
  /** The result's type for an operand's type, or what is wrong. */
  readonly resolve: (operand: ValueType) => ValueType | string;
  readonly duckdb: (form: DuckdbAggregate) => string;
  /** Folds the values that are not null, of which there is at least one; `empty` stands where there is none. */
  readonly javascript: (aggregate: TypedAggregate) => (present: readonly Value[]) => Value;
  readonly empty: Value;
}
