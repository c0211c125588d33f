import path from "node:path";

import { openDuckdb, type DuckdbSession } from "../../offline/node/duckdb-session.js";
import { macros } from "../../offline/visible-at.js";
import { withLock } from "../../processes/node/with-lock.js";
import type { FeatureView } from "../../registry/bound-project.js";
import { requireView } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import type { Value } from "../../values/value.js";
import type { KeyWriting, OnlineStore, SpaceRecord } from "../key-value-store.js";
import { newRows, type RowRange } from "../new-rows.js";
import { keyText, onlineView, type OnlineView } from "../online-view.js";
import { writeKey, type WriteMode } from "../write-key.js";
import { readStreams } from "../../streams/node/read-streams.js";
import { streamApplier } from "./apply-stream.js";
import { collectSpaces } from "./collect-spaces.js";
import { openKeyValueStore } from "./open-key-value-store.js";
import { recordSlice } from "./materialized-slices.js";
import { removeVanishedKeys } from "./remove-vanished-keys.js";
import { spacesOf } from "./space-of.js";

export interface MaterializeOptions {
  /** Names; default every view that is `online`. */
  readonly views?: readonly string[];
  /** Microseconds since the epoch. */
  readonly until: bigint;
  /** Take every row again, and remove keys that the source no longer has. */
  readonly full?: boolean;
  /** Only say what would be taken. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

export interface MaterializedView {
  readonly view: string;
  readonly rows: number;
  /** Not counted for a stream. */
  readonly keys?: number;
  /** The moment up to which the view stands now (with `dryRun`: would stand). */
  readonly until: string;
  /** Keys that `full` removed. */
  readonly removed?: number;
}

export interface MaterializeReport {
  readonly views: readonly MaterializedView[];
  /** Key spaces of earlier definitions that were removed. */
  readonly collected: readonly string[];
}

/** Rows of one write; a crash loses nothing, since the next run takes the same rows again. */
const batchRows = 20_000;

/**
 * Brings views up to `until`: takes the rows that became visible since the last time, and with a source's `lateness`
 * those that may have come late. What is stored of the same stretch is dropped from each key as it is rewritten, and the
 * high-water mark moves last, so that a run that was cut off is repeated without harm. A view that is already past
 * `until` is left as it is. Throws `unavailable` while another process materializes the project.
 */
export async function materialize(loaded: LoadedProject, options: MaterializeOptions): Promise<MaterializeReport> {
  const lock = path.join(loaded.root, ".skewproof", "materialize.lock");
  return withLock(lock, "materialization", () => materializeAlone(loaded, options));
}

async function materializeAlone(loaded: LoadedProject, options: MaterializeOptions): Promise<MaterializeReport> {
  const { views, until, dryRun = false, signal, progress = () => undefined } = options;
  const chosen = (views?.map((name) => requireView(loaded.project, name)) ?? [...loaded.project.views.values()]).filter(
    (view): view is FeatureView => view.kind === "feature_view" && (views !== undefined || view.online),
  );
  const spaceOf = spacesOf(loaded.project.name);
  await using session = await openDuckdb({ root: loaded.root });
  await session.run(macros);
  const store = await openKeyValueStore(loaded, { readOnly: false });
  try {
    const report: MaterializedView[] = [];
    for (const view of chosen) {
      const online = onlineView(view);
      progress(`Materializing ${view.name}`);
      report.push(
        await materializeView({
          ...options,
          session,
          store,
          online,
          space: spaceOf(online),
          loaded,
        }),
      );
    }
    const collected = dryRun ? [] : await collectSpaces(store, loaded.project, until, signal);
    return { views: report, collected };
  } finally {
    await store.close();
  }
}

interface ViewWork extends MaterializeOptions {
  readonly session: DuckdbSession;
  readonly store: OnlineStore;
  readonly online: OnlineView;
  readonly space: string;
  readonly loaded: LoadedProject;
}

async function materializeView(work: ViewWork): Promise<MaterializedView> {
  const { session, store, online, space, loaded, full = false, dryRun = false, signal } = work;
  const { view } = online;
  if (view.source.stream !== undefined) return materializeStream(work, view);
  const before = await store.record(space);
  const previous = full ? undefined : before?.materializedUntil;
  // Keys that an interrupted run brought further would lose what they hold if they were brought only up to here.
  const until =
    before?.unfinishedUntil === undefined || before.unfinishedUntil < work.until ? work.until : before.unfinishedUntil;
  if (previous !== undefined && previous >= until) return { view: view.name, rows: 0, keys: 0, until: printTimestamp(previous) };
  const after = previous === undefined ? undefined : previous - (view.source.lateness ?? 0n);
  const range = { after, until };
  if (dryRun) return { view: view.name, ...(await count(session, online, range, signal)), until: printTimestamp(until) };
  const record = (): SpaceRecord => ({ project: loaded.project.name, view: view.name, lastUsed: BigInt(Date.now()) * 1000n });
  await store.write(space, [], {
    ...record(),
    ...(before?.materializedUntil === undefined ? {} : { materializedUntil: before.materializedUntil }),
    unfinishedUntil: until,
  });
  const written = await writeRows(work, range);
  const removed = full ? await removeVanishedKeys(session, store, online, space, until, signal) : undefined;
  signal?.throwIfAborted();
  await recordSlice(session, loaded.root, view, previous, until);
  await store.write(space, [], { ...record(), materializedUntil: until });
  return { view: view.name, ...written, until: printTimestamp(until), ...(removed === undefined ? {} : { removed }) };
}

/** A stream's log never changes, so its views only ever catch up with it, whatever `until` and `full` say. */
async function materializeStream(
  { loaded, session, store, space, dryRun = false, progress = () => undefined }: ViewWork,
  view: FeatureView,
): Promise<MaterializedView> {
  const until = printTimestamp(BigInt(Date.now()) * 1000n);
  if (dryRun) {
    const taken = (await store.record(space))?.streamPosition ?? 0n;
    const seen = (await readStreams(session, [view.source])).get(view.source.name);
    return { view: view.name, rows: Number((seen?.last ?? 0n) - taken), until };
  }
  const rows = await streamApplier(loaded, store, view.source).catchUp(view, (count) => {
    progress(`${view.name}: ${count.toLocaleString("en")} rows of the stream`);
  });
  return { view: view.name, rows, until };
}

/** Writes the rows of the range, key by key. */
async function writeRows(
  { session, store, online, space, signal, progress = () => undefined }: ViewWork,
  range: RowRange,
): Promise<{ rows: number; keys: number }> {
  const { view } = online;
  const width = view.keys.length;
  const started = performance.now();
  let told = started;
  let [rows, keys, waiting] = [0, 0, 0];
  let writings: KeyWriting[] = [];
  let group: Value[][] = [];
  let first: readonly Value[] | undefined;
  let mode: WriteMode = { keepUntil: range.after, until: range.until };

  /** The rows gathered of the current key; `more` of it may follow. */
  const take = (more: boolean): void => {
    if (first === undefined || group.length === 0) return;
    const named = Object.fromEntries(view.keys.map(({ key }, index) => [key, first?.[index] ?? null]));
    const key = keyText(view, named);
    const [taken, how] = [group, mode];
    if (key !== undefined) writings.push({ key, work: () => writeKey(online, taken, how) });
    waiting += group.length;
    group = [];
    // Of a key with very many rows, the first part drops what stands, and the others add to it.
    mode = { keepUntil: more ? "all" : range.after, until: range.until };
    if (!more) keys++;
  };
  const flush = async (): Promise<void> => {
    await store.write(space, writings);
    [writings, waiting] = [[], 0];
    signal?.throwIfAborted();
    const now = performance.now();
    if (now - told < 1000) return;
    told = now;
    const rate = Math.round(rows / ((now - started) / 1000));
    progress(`${view.name}: ${rows.toLocaleString("en")} rows, ${rate.toLocaleString("en")} a second`);
  };

  for await (const chunk of session.stream(newRows(online, range), signal))
    for (const row of chunk) {
      const isSame = first !== undefined && sameKey(first, row, width);
      if (!isSame) {
        take(false);
        first = row;
        if (waiting >= batchRows) await flush();
      } else if (group.length >= batchRows) {
        take(true);
        await flush();
      }
      group.push(row.slice(width));
      rows++;
    }
  take(false);
  await flush();
  return { rows, keys };
}

/** Key values are texts, numbers, bigints and booleans; two rows of one key stand together. */
function sameKey(a: readonly Value[], b: readonly Value[], width: number): boolean {
  for (let index = 0; index < width; index++) if (a[index] !== b[index]) return false;
  return true;
}

async function count(
  session: DuckdbSession,
  online: OnlineView,
  range: RowRange,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; keys: number }> {
  const names = online.view.keys.map((_, index) => `_k${index}`);
  const distinct = names.length === 0 ? "least(1, count(*))" : `count(DISTINCT (${names.join(", ")}))`;
  const [[rows = 0n, keys = 0n] = []] = await session.rows(
    `SELECT count(*), ${distinct} FROM (${newRows(online, range)})`,
    signal,
  );
  return { rows: Number(rows), keys: Number(keys) };
}
