/** What became of one row. A duplicate has the position of the row that came first. */
export type RowOutcome =
  | { readonly status: "accepted" | "duplicate"; readonly position: bigint }
  | { readonly status: "quarantined"; readonly reason: string };

/** What became of a batch; `rows` are in the order in which they were given. */
export interface PushReport {
  readonly accepted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly rows: readonly RowOutcome[];
}

/** The report as JSON: positions are numbers as long as these are exact. */
export function pushReportJson({ rows, ...counts }: PushReport): unknown {
  return {
    ...counts,
    rows: rows.map((row) => ("position" in row ? { ...row, position: exact(row.position) } : row)),
  };
}

const exact = (position: bigint): number | string =>
  position <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(position) : String(position);
