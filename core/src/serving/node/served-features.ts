import type { FeatureRequest, FeatureRow } from "../../online/read-features.js";
import { createFeatureReader } from "../../online/read-features.js";
import type { OnlineStore, SpaceRecord } from "../../online/key-value-store.js";
import { spacesOf } from "../../online/node/space-of.js";
import type { BoundProject, FeatureService } from "../../registry/bound-project.js";
import { storedViews } from "../feature-log-columns.js";
import type { FeatureLogs, Served } from "./feature-log.js";

/** One request's rows as they were read, and what the log needs to know of them. */
export interface ReadRows {
  readonly rows: readonly FeatureRow[];
  /** Puts them into the served-feature log. */
  readonly log: (served: Pick<Served, "requestId" | "at" | "requests" | "model" | "version">) => void;
}

export interface ServedFeatures {
  /** Reads a service's features; by the deadline (milliseconds) at the latest, with defaults where the store did not answer. */
  read(service: FeatureService, requests: readonly FeatureRequest[], at: bigint): Promise<ReadRows>;
}

/** How long what a remote store said of a space is taken for true; an embedded one is asked each time. */
const recordMillis = 1000;

/** The feature services of a project over its online store, each prepared once, and logged. */
export function servedFeatures(
  project: BoundProject,
  store: OnlineStore,
  logs: FeatureLogs,
  { deadline, unanswered }: { readonly deadline: number; readonly unanswered: (view: string) => void },
): ServedFeatures {
  const spaceOf = spacesOf(project.name);
  const until = marks(store);

  function prepare(service: FeatureService) {
    const reader = createFeatureReader(service, store, spaceOf);
    const spaces = storedViews(service).map((view) => reader.views.find(({ online }) => online.view === view)?.space);
    let open: ReturnType<FeatureLogs["open"]> | undefined;
    return {
      reader,
      spaces,
      log: (served: Served) => {
        open ??= logs.open(project, service);
        open(served);
      },
    };
  }
  const prepared = new WeakMap<FeatureService, ReturnType<typeof prepare>>();

  return {
    async read(service, requests, at) {
      let found = prepared.get(service);
      if (found === undefined) prepared.set(service, (found = prepare(service)));
      const { reader, spaces, log } = found;
      // Before the values: what is told is never later than what was read.
      const materializedUntil = spaces.map((space) => (space === undefined ? undefined : until(space)));
      const reading = reader.read(requests, at, { deadline });
      const rows = reading instanceof Promise ? await reading : reading;
      for (const view of rows[0]?.unanswered ?? []) unanswered(view);
      return {
        rows,
        log: (served) => {
          log({ ...served, rows, materializedUntil });
        },
      };
    },
  };
}

/** Until when a space is materialized, without waiting for a remote store: what it said last. */
function marks(store: OnlineStore): (space: string) => bigint | undefined {
  const known = new Map<string, { asked: number; until: bigint | undefined }>();
  return (space) => {
    const now = performance.now();
    const last = known.get(space);
    if (last !== undefined && now - last.asked < recordMillis) return last.until;
    const record = store.record(space);
    if (!(record instanceof Promise)) return record?.materializedUntil;
    const entry = { asked: now, until: last?.until };
    known.set(space, entry);
    record.then(
      (found: SpaceRecord | undefined) => {
        entry.until = found?.materializedUntil;
      },
      // The reading itself tells that the store does not answer.
      () => undefined,
    );
    return entry.until;
  };
}
