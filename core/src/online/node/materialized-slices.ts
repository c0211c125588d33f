import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { rowValue, sourceRows, tieColumn } from "../../offline/view-rows.js";
import type { FeatureView } from "../../registry/bound-project.js";
import { parseTimestamp, printTimestamp } from "../../values/timestamp-text.js";
import type { Value } from "../../values/value.js";

/**
 * What the source's rows looked like that a run of materialize took: those that became visible after `from` (null: all
 * before) until `until`. The checksum is over all that the view's values follow from, in no order.
 */
interface Slice {
  readonly from: string | null;
  readonly until: string;
  readonly rows: number;
  readonly checksum: string;
  /** DuckDB's version: its hash may be another in another. */
  readonly engine: string;
}

const sliceFile = (root: string, view: string): string => path.join(root, ".skewproof", "materialized", `${view}.ndjson`);

/** Remembers the rows of a slice, so that a change of them can be told later. Moments in microseconds. */
export async function recordSlice(
  session: DuckdbSession,
  root: string,
  view: FeatureView,
  from: bigint | undefined,
  until: bigint,
): Promise<void> {
  const [found] = await session.rows(`SELECT *, version() FROM (${checksumSql(view, from, until)})`);
  const [rows = 0n, checksum = null, engine = null] = found ?? [];
  const slice: Slice = {
    from: from === undefined ? null : printTimestamp(from),
    until: printTimestamp(until),
    rows: Number(rows),
    checksum: textOf(checksum),
    engine: textOf(engine),
  };
  const file = sliceFile(root, view.name);
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(slice)}\n`);
}

/**
 * Tells of a view materialized until a moment whether the rows that were taken then are still the same: a sentence on the
 * first slice that is not, undefined where all are or nothing was recorded.
 */
export function sliceChanges(
  session: DuckdbSession,
  root: string,
  view: FeatureView,
): (materializedUntil: bigint) => Promise<string | undefined> {
  const slices = readSlices(sliceFile(root, view.name));
  const known = new Map<Slice, Promise<string | undefined>>();

  async function compare(slice: Slice): Promise<string | undefined> {
    const [from, until] = [slice.from === null ? undefined : parseTimestamp(slice.from), parseTimestamp(slice.until) ?? 0n];
    const [found] = await session.rows(`SELECT *, version() FROM (${checksumSql(view, from, until)})`);
    const [rows = 0n, checksum = null, engine = null] = found ?? [];
    if (textOf(engine) !== slice.engine || (Number(rows) === slice.rows && textOf(checksum) === slice.checksum)) return undefined;
    const span = slice.from === null ? `until ${slice.until}` : `from ${slice.from} until ${slice.until}`;
    const count =
      Number(rows) === slice.rows ? `still ${slice.rows} rows, of other content` : `${slice.rows} rows then and ${Number(rows)} now`;
    return `The source ${view.source.name} was changed after ${view.name} was materialized: its rows that became visible ${span} were ${count}.`;
  }

  return async (materializedUntil) => {
    const taken = slices.filter(({ until }) => (parseTimestamp(until) ?? 0n) <= materializedUntil);
    // A slice without a beginning took everything anew.
    const last = taken.findLastIndex(({ from }) => from === null);
    for (const slice of taken.slice(Math.max(0, last))) {
      const change = known.get(slice) ?? compare(slice);
      known.set(slice, change);
      const said = await change;
      if (said !== undefined) return said;
    }
    return undefined;
  };
}

function readSlices(file: string): Slice[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        // Our own form; a line that a crash cut is no evidence.
        return [JSON.parse(line) as Slice];
      } catch {
        return [];
      }
    });
}

function checksumSql(view: FeatureView, from: bigint | undefined, until: bigint): string {
  const moment = (micros: bigint): string => literalToDuckdb(micros, { kind: "timestamp" });
  const values = view.features.flatMap((feature) => {
    const expression = feature.kind === "row" ? feature.expression : feature.aggregate.operand;
    return expression === undefined ? [] : [rowValue(view, expression)];
  });
  const more = [...values.map((sql, index) => `${sql} AS _x${index}`), ...tieColumn(view)];
  const since = from === undefined ? "" : ` AND _v > ${moment(from)}`;
  return `SELECT count(*) AS rows, CAST(coalesce(sum(hash(r) % 4294967291), 0) AS VARCHAR) AS checksum FROM (${sourceRows(view, more)}) AS r WHERE _v <= ${moment(until)}${since}`;
}

function textOf(value: Value): string {
  return typeof value === "string" ? value : String(value as bigint | number);
}
