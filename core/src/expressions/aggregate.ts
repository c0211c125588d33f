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

/** One of the different values of many rows, and how often it is there. */
export interface Group {
  readonly value: Value;
  readonly count: number;
}

/**
 * What the values of an operand that are not null come to, put together from parts of them in order of time. Only what
 * an aggregate says it needs is there; there is at least one value.
 */
export interface OperandState {
  readonly count: () => number;
  /** A bigint of int64 and decimal (unscaled), a number of float64. */
  readonly sum: () => bigint | number;
  /** Of int64 and decimal: the sum of squares. */
  readonly squares: () => bigint;
  /** Of float64: the sum of squared differences from the mean; NaN where a value lies beyond 1e150. */
  readonly deviations: () => number;
  readonly min: () => Value;
  readonly max: () => Value;
  readonly first: () => Value;
  readonly last: () => Value;
  /** At least as many of the earliest values as the aggregate's parameter, in order of time, or all. */
  readonly firsts: () => readonly Value[];
  readonly lasts: () => readonly Value[];
  /** The different values in their order. */
  readonly groups: () => readonly Group[];
}

/** An aggregate over values that were folded in parts. */
export interface MergeableForm {
  readonly needs: (operand: ValueType) => readonly Exclude<keyof OperandState, "count">[];
  readonly finish: (aggregate: TypedAggregate) => (state: OperandState) => Value;
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
  readonly mergeable: MergeableForm;
}
