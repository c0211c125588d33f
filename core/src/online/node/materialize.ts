import { expressionToDuckdb, featureToDuckdb, literalToDuckdb } from "../../expressions/to-duckdb.js";
import { openDuckdb, type DuckdbSession } from "../../offline/node/duckdb-session.js";
import { eventTimeSql, macros } from "../../offline/visible-at.js";
import { sourceColumn, sourceRows, tieColumn } from "../../offline/view-rows.js";
import { requireView } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { readStreams } from "../../streams/node/read-streams.js";
import { compareValues } from "../../values/compare-values.js";
import { floorDivide, printTimestamp } from "../../values/timestamp-text.js";
import type { Value } from "../../values/value.js";
import type { EventChunk, LatestVersion } from "../online-store.js";
import { cutOff, keyText, onlineView, type OnlineView } from "../online-view.js";
import { compareVersions } from "../read-features.js";
import type { LmdbStore } from "./lmdb-store.js";
import { openOnlineStore } from "./open-online-store.js";

export interface MaterializeOptions {
  /** Names; default every view that is `online`. */
  readonly views?: readonly string[];
  /** Microseconds since the epoch. */
  readonly until: bigint;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

export interface MaterializeReport {
  readonly views: readonly { readonly view: string; readonly rows: number; readonly keys: number; readonly until: string }[];
}

/** Rows of one transaction; a crash loses nothing, since the next run takes the same rows again. */
const batch = 20_000;

/**
 * Brings views up to `until`: takes the rows that became visible since the last time. A chunk or a key is rewritten
 * from its rows up to the old high-water mark and the new ones, and the mark moves last, so that a run that was cut
 * off is repeated without harm. A view that is already past `until` is left as it is.
 */
export async function materialize(
  loaded: LoadedProject,
  { views, until, signal, progress = () => undefined }: MaterializeOptions,
): Promise<MaterializeReport> {
  const chosen = (views?.map((name) => requireView(loaded.project, name)) ?? [...loaded.project.views.values()]).filter(
    (view) => view.kind === "feature_view" && (views !== undefined || view.online),
  );
  await using session = await openDuckdb({ root: loaded.root });
  await session.run(macros);
  await readStreams(
    session,
    chosen.flatMap((view) => (view.kind === "feature_view" ? [view.source] : [])),
  );
  const store = openOnlineStore(loaded, { readOnly: false });
  const report: MaterializeReport["views"][number][] = [];
  try {
    for (const view of chosen) {
      if (view.kind !== "feature_view") continue;
      progress(`Materializing ${view.name}`);
      const { rows, keys } = await materializeView(session, store, onlineView(view), until, signal);
      report.push({ view: view.name, rows, keys, until: printTimestamp(until) });
    }
  } finally {
    await store.close();
  }
  return { views: report };
}

async function materializeView(
  session: DuckdbSession,
  store: LmdbStore,
  online: OnlineView,
  until: bigint,
  signal?: AbortSignal,
): Promise<{ rows: number; keys: number }> {
  const previous = store.materializedUntil(online);
  if (previous !== undefined && previous >= until) return { rows: 0, keys: 0 };
  const { view } = online;
  const take =
    view.shape === "latest" ? latestWriter(store, online, previous, until) : windowWriter(store, online, previous, until);

  let [rows, keys] = [0, 0];
  let group: Value[][] = [];
  let groupKey: string | undefined;
  let pending: Change[] = [];
  const removed: Change["key"][] = [];
  const flush = async (): Promise<void> => {
    await store.write(pending, removed.splice(0));
    pending = [];
  };
  const finish = (): void => {
    if (groupKey === undefined) return;
    keys++;
    take(groupKey, group, pending, removed);
    group = [];
  };
  for await (const chunk of session.stream(newRows(online, previous, until), signal)) {
    for (const row of chunk) {
      const key = keyText(view, Object.fromEntries(view.keys.map(({ key: name }, index) => [name, row[index] ?? null])));
      if (key !== groupKey) {
        finish();
        groupKey = key;
        if (pending.length > batch) await flush();
      }
      group.push(row.slice(view.keys.length));
      rows++;
    }
  }
  finish();
  signal?.throwIfAborted();
  pending.push({ key: [store.space(online)], value: until });
  await flush();
  return { rows, keys };
}

interface Change {
  readonly key: [string] | [string, string] | [string, string, number];
  readonly value: unknown;
}

type Take = (key: string, rows: readonly Value[][], changes: Change[], removed: Change["key"][]) => void;

/** Rows that became visible in (previous, until] and can still matter: keys, event, known, tie, then features or operands. */
function newRows(online: OnlineView, previous: bigint | undefined, until: bigint): string {
  const { view, retention } = online;
  const moment = (micros: bigint): string => literalToDuckdb(micros, { kind: "timestamp" });
  const column = sourceColumn(view);
  const values =
    view.shape === "window"
      ? online.operands.map((operand) => featureToDuckdb(operand.type, expressionToDuckdb(operand, column)))
      : view.features.map((feature) =>
          feature.kind === "row" ? featureToDuckdb(feature.type, expressionToDuckdb(feature.expression, column)) : "NULL",
        );
  const keys = view.keys.map((_, index) => `_k${index}`);
  const inner = sourceRows(view, [...values.map((sql, index) => `${sql} AS _x${index}`), ...tieColumn(view)]);
  const conditions = [`_v <= ${moment(until)}`, ...(previous === undefined ? [] : [`_v > ${moment(previous)}`])];
  // Said of the source's own columns too, so that row groups outside the range are not read.
  const early = [
    `${eventTimeSql(view.source)} <= ${moment(until)}`,
    ...(view.shape === "window" && retention !== "unbounded"
      ? [`${eventTimeSql(view.source)} >= ${moment(until - retention)}`]
      : []),
  ];
  const columns = [
    ...keys,
    "_e",
    "_known",
    view.source.tieBreak === undefined ? "_known AS _tie" : "_tie",
    ...values.map((_, index) => `_x${index}`),
  ];
  return `SELECT ${columns.join(", ")} FROM (${inner} AND ${early.join(" AND ")}) WHERE ${conditions.join(" AND ")}${keys.length === 0 ? "" : ` ORDER BY ${keys.join(", ")}`}`;
}

const visible = (version: { readonly event: bigint; readonly known: bigint }): bigint =>
  version.known > version.event ? version.known : version.event;

function latestWriter(store: LmdbStore, online: OnlineView, previous: bigint | undefined, until: bigint): Take {
  const { view } = online;
  const { c, knownUntil } = cutOff(view, until);
  return (key, rows, changes) => {
    const before = previous === undefined ? [] : store.latest(online, key).filter((version) => visible(version) <= previous);
    // The query's columns: event, known, tie, then the features.
    const fresh = rows.map(([event, known, tie, ...values]): LatestVersion => ({
      event: event as bigint,
      known: known as bigint,
      tie: tie ?? null,
      values,
    }));
    const all = [...before, ...fresh].sort((a, b) => compareVersions(b, a));
    const isIn = (version: LatestVersion): boolean =>
      view.refresh === undefined || (version.event < c && version.known <= knownUntil);
    const winner = all.find(isIn);
    // Versions worse than the winner can never win again; those not yet in may, after the next cut-off.
    const kept = all.filter(
      (version) => version === winner || (!isIn(version) && (winner === undefined || compareVersions(version, winner) > 0)),
    );
    changes.push({ key: [store.space(online), key], value: kept });
  };
}

interface StoredEvent {
  readonly event: bigint;
  readonly known: bigint;
  readonly tie: Value;
  readonly operands: readonly Value[];
}

function windowWriter(store: LmdbStore, online: OnlineView, previous: bigint | undefined, until: bigint): Take {
  const oldest = online.retention === "unbounded" ? undefined : Number(floorDivide(until - online.retention, online.chunk));
  return (key, rows, changes, removed) => {
    const byChunk = new Map<number, StoredEvent[]>();
    for (const [event, known, tie, ...operands] of rows) {
      // The query's columns: event, known, tie, then the operands.
      const stored: StoredEvent = { event: event as bigint, known: known as bigint, tie: tie ?? null, operands };
      const number = Number(floorDivide(stored.event, online.chunk));
      const list = byChunk.get(number);
      if (list === undefined) byChunk.set(number, [stored]);
      else list.push(stored);
    }
    for (const [number, fresh] of byChunk) {
      const before =
        previous === undefined ? [] : unpack(store.chunk(online, key, number)).filter((stored) => visible(stored) <= previous);
      changes.push({ key: [store.space(online), key, number], value: pack([...before, ...fresh], online.operands.length) });
    }
    if (oldest !== undefined)
      for (const number of store.chunksBefore(online, key, oldest)) removed.push([store.space(online), key, number]);
  };
}

function unpack(chunk: EventChunk | undefined): StoredEvent[] {
  if (chunk === undefined) return [];
  return chunk.events.map((event, row) => ({
    event,
    known: chunk.known[row] ?? event,
    tie: chunk.ties[row] ?? null,
    operands: chunk.operands.map((values) => values[row] ?? null),
  }));
}

function pack(events: StoredEvent[], operands: number): EventChunk {
  events.sort((a, b) => compareValues(a.event, b.event) || compareValues(a.tie, b.tie) || compareValues(a.operands, b.operands));
  return {
    events: events.map(({ event }) => event),
    known: events.map(({ known }) => known),
    ties: events.map(({ tie }) => tie),
    operands: Array.from({ length: operands }, (_, index) => events.map((stored) => stored.operands[index] ?? null)),
  };
}
