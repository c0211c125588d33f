import { bucketSql, sliceChanges } from "../../online/node/materialized-slices.js";
import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { keyList, rowValue, sourceRows, tieColumn } from "../../offline/view-rows.js";
import { momentSql } from "../../offline/visible-at.js";
import type { FeatureView } from "../../registry/bound-project.js";
import { toJsonValue } from "../../values/json-value.js";
import type { Row, Value } from "../../values/value.js";
import type { Rows, ViewEvidence } from "../decide-cause.js";
import { seenView, visibleAt, type SourceRow } from "../seen-view.js";

/** A served row that a view is looked at for. */
export interface Moment {
  readonly at: bigint;
  readonly given: Row;
  readonly materializedUntil: bigint | null;
}

export interface Looked {
  readonly evidence: ViewEvidence;
  /** The view's features over some of the source's rows. */
  readonly over: Readonly<Record<Rows, readonly Value[]>>;
}

/** What the view's source says now of each of these moments, the rows of `_looked` in order. Reads the source once, by key. */
export async function lookAtView(
  session: DuckdbSession,
  root: string,
  view: FeatureView,
  moments: readonly Moment[],
  signal?: AbortSignal,
): Promise<Looked[]> {
  const seen = seenView(view);
  const changed = sliceChanges(session, root, view);
  const keySql = view.keys.map(({ key }) => identifier(`entity.${key}`));
  const buckets = await session.rows(`SELECT ${bucketSql(view, keySql)} FROM _looked ORDER BY _w`, signal);
  const byKey = new Map<string, number[]>();
  for (const [index, { given }] of moments.entries()) {
    const key = keyOf(
      view,
      view.keys.map(({ key: name }) => given[name] ?? null),
    );
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [index]);
    else known.push(index);
  }

  const found: Looked[] = [];
  const none = seen.at([], 0n, () => true).values;
  async function look(key: string, rows: readonly SourceRow[]): Promise<void> {
    for (const index of byKey.get(key) ?? []) {
      const moment = moments[index];
      if (moment === undefined) continue;
      const { at, materializedUntil } = moment;
      const wasMaterialized = (row: SourceRow): boolean => materializedUntil !== null && visibleAt(row) <= materializedUntil;
      const hadArrived = ({ known, received }: SourceRow): boolean => known <= at && (received === null || received <= at);
      const now = seen.at(rows, at, () => true);
      const afterMark = seen.refused(rows, at, wasMaterialized);
      const arrivedLate = seen.refused(rows, at, hadArrived);
      const over = (isThere: (row: SourceRow) => boolean): readonly Value[] => seen.at(rows, at, isThere).values;
      // Where nothing that counts is refused, the value is that of all rows.
      const materialized = afterMark.length === 0 ? now.values : over(wasMaterialized);
      const arrived = arrivedLate.length === 0 ? now.values : over(hadArrived);
      const both =
        afterMark.length === 0
          ? arrived
          : arrivedLate.length === 0
            ? materialized
            : over((row) => wasMaterialized(row) && hadArrived(row));
      found[index] = {
        evidence: {
          view: view.name,
          source: view.source.name,
          ttl: view.ttl,
          materializedUntil,
          now,
          afterMark,
          arrivedLate,
          sourceChange:
            materializedUntil === null ? undefined : await changed(materializedUntil, Number(buckets[index]?.[0] ?? 0)),
        },
        over: { materialized, arrived, both, none },
      };
    }
    byKey.delete(key);
  }

  const width = view.keys.length;
  let [key, rows]: [string | undefined, SourceRow[]] = [undefined, []];
  for await (const chunk of session.stream(rowsSql(view, moments), signal))
    for (const cells of chunk) {
      const next = keyOf(view, cells.slice(0, width));
      if (next !== key) {
        if (key !== undefined) await look(key, rows);
        [key, rows] = [next, []];
      }
      // The query's columns: keys, event, known, received, tie, then the expressions.
      const [event, known, received, tie = null, ...values] = cells.slice(width);
      rows.push({ event: event as bigint, known: known as bigint, received: received as bigint | null, tie, values });
    }
  if (key !== undefined) await look(key, rows);
  for (const rest of [...byKey.keys()]) await look(rest, []);
  return found;
}

function keyOf(view: FeatureView, keys: readonly Value[]): string {
  return JSON.stringify(view.keys.map(({ type }, index) => toJsonValue(keys[index] ?? null, type)));
}

/** The source's rows of the keys of `_looked`, by key and event time. */
function rowsSql(view: FeatureView, moments: readonly Moment[]): string {
  const seen = seenView(view);
  const hasReceived = view.source.columns?.some(({ name }) => name === "_received_at") === true;
  const latest = moments.map(({ at }) => at).reduce((a, b) => (a > b ? a : b), 0n);
  const values = seen.expressions.map((expression, index) => `${rowValue(view, expression)} AS _x${index}`);
  const received = `${hasReceived ? momentSql(identifier("_received_at")) : "CAST(NULL AS TIMESTAMP)"} AS _received`;
  const inner = sourceRows(view, [received, ...values, ...tieColumn(view)], { to: latest });
  const keys = keyList(view);
  const columns = [
    ...keys,
    "_e",
    "_known",
    "_received",
    view.source.tieBreak === undefined ? "_known AS _tie" : "_tie",
    ...values.map((_, index) => `_x${index}`),
  ];
  const wanted = view.keys.map(
    ({ key, type }, index) => `CAST(${identifier(`entity.${key}`)} AS ${toDuckdbType(type)}) AS _k${index}`,
  );
  const those = keys.length === 0 ? "" : ` SEMI JOIN (SELECT ${wanted.join(", ")} FROM _looked) USING (${keys.join(", ")})`;
  return `SELECT ${columns.join(", ")} FROM (${inner})${those} ORDER BY ${[...keys, "_e"].join(", ")}`;
}
