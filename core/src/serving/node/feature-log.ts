import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { SkewproofError } from "../../errors.js";
import type { FeatureRequest, FeatureRow } from "../../online/read-features.js";
import type { BoundProject, FeatureService } from "../../registry/bound-project.js";
import { logHeader } from "../feature-log-header.js";
import { isInSample } from "../sample-of-entities.js";
import type { LogAnswer, LogCall, LogEntry, LogWorkerData } from "./feature-log-worker.js";

export interface FeatureLogOptions {
  /** The folder of all services' logs. */
  readonly folder: string;
  /** Bytes that all of it may take; default 10 GB. The oldest finished segments go first. */
  readonly limit?: number;
  /** Bytes at which an open file is closed and made Parquet; default 64 MB. */
  readonly segment?: number;
  /** Share of entities that are logged, above 0 and at most 1. */
  readonly sample?: number;
  /** Told of rows that could not be logged. */
  readonly lost?: (rows: number) => void;
  /** Told in words when the log cannot be written, once until it can be again. */
  readonly failed?: (message: string) => void;
}

/** What was served in one request. */
export interface Served {
  readonly requestId: string;
  readonly at: bigint;
  readonly model?: string;
  readonly version?: string;
  readonly requests: readonly FeatureRequest[];
  readonly rows: readonly FeatureRow[];
  /** By view, in the order of `storedViews`. */
  readonly materializedUntil: readonly (bigint | undefined)[];
}

/** The served-feature logs of one sidecar, written by a thread of their own. */
export interface FeatureLogs {
  /** Opens a service's log and returns what takes its requests: it queues, and loses rows (counted) rather than wait. */
  open(project: BoundProject, service: FeatureService): (served: Served) => void;
  /** Rows that are not in a file yet. */
  readonly pending: number;
  /** Writes what waits and finishes the open files. */
  close(): Promise<void>;
}

/** Rows that may wait for the disk. */
const mostPending = 50_000;
const postMillis = 20;
const defaultLimit = 10e9;
const defaultSegment = 64e6;
const rollMillis = 10 * 60_000;
const restartMillis = 1000;

function workerFile(): URL {
  const candidates = [
    "./feature-log-worker.js",
    "../feature-log-worker.js",
    "../../../dist/serving/node/feature-log-worker.js",
  ].map((relative) => new URL(relative, import.meta.url));
  const found = candidates.find((url) => existsSync(fileURLToPath(url)));
  if (found === undefined) throw new SkewproofError("missing", "The feature log's worker is not built. Run `npm run build`.");
  return found;
}

interface ServiceLog {
  readonly open: LogCall;
  queue: LogEntry[];
  /** Rows handed to the thread that are not in a file yet. */
  underWay: number;
  queued: number;
  /** Rows lost that the thread was not told of. */
  lost: number;
}

export function startFeatureLogs(options: FeatureLogOptions): FeatureLogs {
  const {
    folder,
    limit = defaultLimit,
    segment = defaultSegment,
    sample = 1,
    lost = () => undefined,
    failed = () => undefined,
  } = options;
  mkdirSync(folder, { recursive: true });
  const logs = new Map<string, ServiceLog>();
  let isFailing = false;
  let closing: (() => void) | undefined;
  let worker: Worker | undefined = startWorker();
  const pending = (): number => [...logs.values()].reduce((sum, { underWay, queued }) => sum + underWay + queued, 0);

  function startWorker(): Worker {
    const workerData: LogWorkerData = {
      folder,
      // By time and then by chance, so that names sort and no two processes have one.
      name: `${Date.now()}-${randomBytes(4).toString("hex")}`,
      limit,
      // Several segments at least, so that the oldest can go.
      rollBytes: Math.min(segment, limit / 8),
      rollMillis,
    };
    const started = new Worker(workerFile(), { workerData });
    started.unref();
    started.on("message", hear);
    started.on("error", (error) => failed(`The feature log's thread ended: ${String(error)}`));
    started.on("exit", () => {
      worker = undefined;
      if (closing !== undefined) closing();
      else setTimeout(restart, restartMillis).unref();
    });
    for (const { open } of logs.values()) started.postMessage(open);
    return started;
  }

  /** What the thread had taken and not written ended with it; the next one opens files of its own. */
  function restart(): void {
    for (const log of logs.values()) {
      lose(log, log.underWay);
      log.underWay = 0;
    }
    worker = startWorker();
  }

  function hear(answer: LogAnswer): void {
    if (answer.kind === "written") {
      const log = logs.get(answer.service);
      if (log !== undefined) log.underWay -= answer.rows;
      isFailing = false;
    } else if (answer.kind === "closed") closing?.();
    else if (!isFailing) {
      isFailing = true;
      failed(`Served rows are not logged at the moment: ${answer.message}`);
    }
  }

  function lose(log: ServiceLog, rows: number): void {
    log.lost += rows;
    lost(rows);
  }

  function post(): void {
    if (worker === undefined) return;
    for (const [service, log] of logs) {
      if (log.queue.length > 0) {
        worker.postMessage({ kind: "entries", service, entries: log.queue } satisfies LogCall);
        log.underWay += log.queued;
        log.queue = [];
        log.queued = 0;
      }
      if (log.lost === 0) continue;
      worker.postMessage({ kind: "lost", service, rows: log.lost } satisfies LogCall);
      log.lost = 0;
    }
  }
  const timer = setInterval(post, postMillis);
  timer.unref();

  return {
    open(project, service) {
      const open: LogCall = { kind: "open", header: logHeader(project, service, sample) };
      const log: ServiceLog = { open, queue: [], underWay: 0, queued: 0, lost: 0 };
      logs.set(service.name, log);
      worker?.postMessage(open);
      return (served) => {
        const entry = entryOf(service, served, sample);
        const { length } = entry.rows;
        if (length > 0 && pending() + length > mostPending) lose(log, length);
        else if (length > 0) {
          log.queued += length;
          log.queue.push(entry);
        }
      };
    },
    get pending() {
      return pending();
    },
    async close() {
      clearInterval(timer);
      post();
      const ending = worker;
      if (ending === undefined) return;
      const closed = new Promise<void>((resolve) => (closing = resolve));
      ending.ref();
      ending.postMessage({ kind: "close" } satisfies LogCall);
      await closed;
      await ending.terminate();
    },
  };
}

/** The rows of a request that are in the sample. */
function entryOf(
  service: FeatureService,
  { requestId, at, model, version, requests, rows, materializedUntil }: Served,
  sample: number,
): LogEntry {
  return {
    requestId,
    at,
    model: model ?? null,
    version: version ?? null,
    materializedUntil: materializedUntil.map((moment) => moment ?? null),
    rows: requests.flatMap(({ entities, request }, row) => {
      const found = rows[row];
      if (found === undefined || !isInSample(service.keys, entities, sample)) return [];
      const keys = service.keys.map(({ name }) => entities[name] ?? null);
      const given = [...keys, ...service.request.map(({ name }) => request[name] ?? null)];
      return [{ row, given, values: found.values, statuses: found.statuses, eventTimes: found.eventTimes }];
    }),
  };
}
