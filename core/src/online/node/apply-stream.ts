import type { BoundProject, FeatureView, Source } from "../../registry/bound-project.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import type { ApplyRows } from "../../streams/node/push-rows.js";
import { unappliedRows, type StreamRow } from "../../streams/node/unapplied-rows.js";
import type { KeyWriting, OnlineStore } from "../key-value-store.js";
import { onlineView, type OnlineView } from "../online-view.js";
import { storeRows, type StoreRow } from "../pushed-rows.js";
import { writePushed, type PushedRow } from "../write-pushed.js";
import { spacesOf } from "./space-of.js";

interface StreamView {
  readonly online: OnlineView;
  readonly space: string;
  readonly toStore: StoreRow;
}

export interface StreamApplier {
  /** Makes rows that are durable in the stream's log visible online, with all before them. */
  readonly apply: ApplyRows;
  /** Brings one view up to the log's end; returns the rows it took. */
  catchUp(view: FeatureView, progress?: (rows: number) => void): Promise<number>;
}

/** The views of a source that are served online. */
export function onlineViewsOf(project: BoundProject, source: string): FeatureView[] {
  return [...project.views.values()].filter(
    (view): view is FeatureView => view.kind === "feature_view" && view.online && view.source.name === source,
  );
}

/** Rows of one write. */
const batchRows = 20_000;

/**
 * Brings the online views of a stream up to its log. The store's record says how far a view is. Rows are always applied
 * without a gap from there on, whoever does it and however often, which is what lets keys skip what they have taken
 * (`writePushed`): rows given with others between them, such as another process's, come from the log instead. A view that
 * was never materialized begins with the log's first row. `now` is the clock, microseconds.
 */
export function streamApplier(
  { root, project }: LoadedProject,
  store: OnlineStore,
  source: Source,
  now: () => bigint = () => BigInt(Date.now()) * 1000n,
): StreamApplier {
  const spaceOf = spacesOf(project.name);
  const prepare = (view: FeatureView): StreamView => {
    const online = onlineView(view);
    return { online, space: spaceOf(online), toStore: storeRows(online) };
  };
  const views = onlineViewsOf(project, source.name).map(prepare);

  async function write({ online, space, toStore }: StreamView, rows: readonly StreamRow[]): Promise<void> {
    const byKey = new Map<string, PushedRow[]>();
    for (const { position, values } of rows) {
      const taken = toStore(values);
      if (taken === undefined) continue;
      const row = { position, row: taken.row };
      const list = byKey.get(taken.key);
      if (list === undefined) byKey.set(taken.key, [row]);
      else list.push(row);
    }
    const until = now();
    const writings = [...byKey].map(([key, list]): KeyWriting => ({ key, work: () => writePushed(online, list, until) }));
    await store.write(space, writings, {
      project: project.name,
      view: online.view.name,
      materializedUntil: until,
      streamPosition: rows.at(-1)?.position ?? 0n,
      lastUsed: until,
    });
  }

  async function fromLog(view: StreamView, after: bigint, progress: (rows: number) => void = () => undefined): Promise<number> {
    let waiting: StreamRow[] = [];
    let count = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length === 0) return;
      await write(view, waiting);
      count += waiting.length;
      waiting = [];
      progress(count);
    };
    for await (const some of unappliedRows(root, source, after)) {
      waiting.push(...some);
      if (waiting.length >= batchRows) await flush();
    }
    await flush();
    return count;
  }

  return {
    async apply(rows) {
      const [first, last] = [rows[0]?.position, rows.at(-1)?.position];
      if (first === undefined || last === undefined) return;
      const isDense = last - first + 1n === BigInt(rows.length);
      for (const view of views) {
        const taken = (await store.record(view.space))?.streamPosition ?? 0n;
        if (isDense && taken >= first - 1n) await write(view, rows);
        else await fromLog(view, taken);
      }
    },
    async catchUp(view, progress) {
      const prepared = prepare(view);
      const record = await store.record(prepared.space);
      const rows = await fromLog(prepared, record?.streamPosition ?? 0n, progress);
      // Also where nothing came: the view is up to date, and no longer one that was never materialized.
      if (rows === 0)
        await store.write(prepared.space, [], {
          project: project.name,
          view: view.name,
          materializedUntil: now(),
          streamPosition: record?.streamPosition ?? 0n,
          lastUsed: now(),
        });
      return rows;
    },
  };
}
