import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { keyList, rowValue, sourceRows, tieColumn } from "../../offline/view-rows.js";
import type { FeatureView } from "../../registry/bound-project.js";
import { onlineView } from "../online-view.js";
import { parseTimestamp, printTimestamp } from "../../values/timestamp-text.js";

/**
 * What the source's rows looked like that a run of materialize took: those that became visible after `from` (null: all
 * before) until `until`. Keys are spread over 256 buckets by their hash; of each that has rows, how many there are and a
 * checksum over all that the view's values follow from, in no order.
 */
interface Slice {
  readonly from: string | null;
  readonly until: string;
  readonly buckets: Buckets;
  /** DuckDB's version: its hash may be another in another. */
  readonly engine: string;
}

type Buckets = Readonly<Record<string, readonly [rows: number, checksum: string]>>;

/** How many parts the keys of a view are spread over; a change is told of one of them. */
const buckets = 256;

/** A file grows by some kilobytes with each run; beyond this the older half is forgotten. */
const largestFile = 16 * 1024 * 1024;

const sliceFile = (root: string, view: string): string => path.join(root, ".skewproof", "materialized", `${view}.ndjson`);

/** Remembers the rows of a slice, so that a change of them can be told later. Moments in microseconds. */
export async function recordSlice(
  session: DuckdbSession,
  root: string,
  view: FeatureView,
  from: bigint | undefined,
  until: bigint,
): Promise<void> {
  const slice: Slice = {
    from: from === undefined ? null : printTimestamp(from),
    until: printTimestamp(until),
    buckets: await readBuckets(session, view, from, until),
    engine: await engineOf(session),
  };
  const file = sliceFile(root, view.name);
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > largestFile) {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    writeFileSync(`${file}.tmp`, `${lines.slice(lines.length / 2).join("\n")}\n`);
    renameSync(`${file}.tmp`, file);
  }
  appendFileSync(file, `${JSON.stringify(slice)}\n`);
}

/**
 * Tells of a key's bucket (`bucketSql`) in a view materialized until a moment whether the rows that were taken then are
 * still the same: a sentence on the first slice where they are not, undefined where all are or nothing was recorded.
 */
export function sliceChanges(
  session: DuckdbSession,
  root: string,
  view: FeatureView,
): (materializedUntil: bigint, bucket: number) => Promise<string | undefined> {
  const slices = readSlices(sliceFile(root, view.name));
  const present = new Map<Slice, Promise<Buckets | undefined>>();

  async function readPresent(slice: Slice): Promise<Buckets | undefined> {
    if ((await engineOf(session)) !== slice.engine) return undefined;
    const from = slice.from === null ? undefined : parseTimestamp(slice.from);
    return readBuckets(session, view, from, parseTimestamp(slice.until) ?? 0n);
  }

  return async (materializedUntil, bucket) => {
    const taken = slices.filter(({ until }) => (parseTimestamp(until) ?? 0n) <= materializedUntil);
    // A slice without a beginning took everything anew.
    const last = taken.findLastIndex(({ from }) => from === null);
    for (const slice of taken.slice(Math.max(0, last))) {
      const reading = present.get(slice) ?? readPresent(slice);
      present.set(slice, reading);
      const found = await reading;
      if (found === undefined) continue;
      const [wasRows, was] = slice.buckets[bucket] ?? [0, ""];
      const [isRows, is] = found[bucket] ?? [0, ""];
      if (wasRows === isRows && was === is) continue;
      const span = slice.from === null ? `until ${slice.until}` : `from ${slice.from} until ${slice.until}`;
      const count = wasRows === isRows ? `still ${wasRows}, of other content` : `${wasRows} then and ${isRows} now`;
      return `The source ${view.source.name} was changed after ${view.name} was materialized: of the 1/${buckets} of its keys that this one is in, the rows that became visible ${span} are ${count}.`;
    }
    return undefined;
  };
}

/** SQL of the bucket that keys are in; each key as SQL, in the view's order. */
export function bucketSql(view: FeatureView, keys: readonly string[]): string {
  const typed = view.keys.map(({ type }, index) => `CAST(${keys[index] ?? "NULL"} AS ${toDuckdbType(type)})`);
  return typed.length === 0 ? "0" : `CAST(hash(${typed.join(", ")}) % ${buckets} AS INTEGER)`;
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

async function engineOf(session: DuckdbSession): Promise<string> {
  const [[version = ""] = []] = await session.rows("SELECT version()");
  return version as string;
}

async function readBuckets(session: DuckdbSession, view: FeatureView, from: bigint | undefined, until: bigint): Promise<Buckets> {
  const { retention } = onlineView(view);
  const values = view.features.flatMap((feature) => {
    const expression = feature.kind === "row" ? feature.expression : feature.aggregate.operand;
    return expression === undefined ? [] : [rowValue(view, expression)];
  });
  const inner = sourceRows(view, [...values.map((sql, index) => `${sql} AS _x${index}`), ...tieColumn(view)], {
    visibleUntil: until,
    ...(from === undefined ? {} : { visibleAfter: from }),
    // As materialize takes them: what no window can reach any more is not in the store.
    ...(view.shape === "window" && retention !== "unbounded" ? { from: until - retention } : {}),
  });
  const rows = await session.rows(
    `SELECT ${bucketSql(view, keyList(view, "r."))} AS bucket, count(*), CAST(sum(hash(r) % 4294967291) AS VARCHAR) FROM (${inner}) AS r GROUP BY bucket ORDER BY bucket`,
  );
  // The query's columns: integer, int64, string.
  return Object.fromEntries(
    rows.map(([bucket, count, checksum]) => [String(bucket as number), [Number(count), checksum as string]]),
  );
}
