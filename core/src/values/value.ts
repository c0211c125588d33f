/** A span of time inside expressions, as DuckDB keeps it. */
export interface Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

/**
 * How one value is held in JavaScript, by type: bool boolean; int64 bigint; float64 number (never NaN or infinite
 * outside an expression); decimal bigint, unscaled (the scale is in the type); string string; timestamp bigint,
 * microseconds since the epoch, UTC; date number, days since the epoch; list array; bytes Uint8Array; null null.
 */
export type Value = null | boolean | bigint | number | string | Uint8Array | Interval | readonly Value[];

/** Values by column name. */
export type Row = Readonly<Record<string, Value>>;
