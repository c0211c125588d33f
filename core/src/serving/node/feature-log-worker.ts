import path from "node:path";
import { parentPort, workerData } from "node:worker_threads";

import type { Value } from "../../values/value.js";
import type { LogHeader } from "../feature-log-header.js";
import { keepWithin } from "./log-segments.js";
import { openTailWriter, type TailWriter } from "./log-writer.js";

/** A served request's rows, as they travel to the log's thread. */
export interface LogEntry {
  readonly requestId: string;
  readonly at: bigint;
  readonly model: string | null;
  readonly version: string | null;
  /** By view that the service reads, in the order of `storedViews`: microseconds, null where it never was materialized. */
  readonly materializedUntil: readonly (bigint | null)[];
  readonly rows: readonly {
    /** Position in the request. */
    readonly row: number;
    /** Keys, then request columns, in the service's order. */
    readonly given: readonly Value[];
    readonly values: readonly Value[];
    readonly statuses: readonly string[];
    readonly eventTimes: readonly (bigint | null)[];
  }[];
}

export interface LogWorkerData {
  /** The folder of all services' logs. */
  readonly folder: string;
  /** Begins every file name of this process. */
  readonly name: string;
  readonly limit: number;
  readonly rollBytes: number;
  readonly rollMillis: number;
}

export type LogCall =
  | { readonly kind: "open"; readonly header: LogHeader }
  | { readonly kind: "entries"; readonly service: string; readonly entries: readonly LogEntry[] }
  | { readonly kind: "lost"; readonly service: string; readonly rows: number }
  | { readonly kind: "close" };

export type LogAnswer =
  | { readonly kind: "written"; readonly service: string; readonly rows: number }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "closed" };

const flushMillis = 50;

const { folder, name, limit, rollBytes, rollMillis } = workerData as LogWorkerData;
const port = parentPort;
if (port === null) throw new Error("The feature log's worker runs as a thread of the sidecar.");
const writers = new Map<string, TailWriter>();
const answer = (message: LogAnswer): void => port.postMessage(message);

let flushed = Date.now();
function flush(): void {
  flushed = Date.now();
  for (const writer of writers.values()) writer.flush();
}
const timer = setInterval(flush, flushMillis);

port.on("message", (call: LogCall) => {
  switch (call.kind) {
    case "open":
      writers.set(
        call.header.service,
        openTailWriter({
          folder: path.join(folder, call.header.service),
          name,
          header: call.header,
          rollBytes,
          rollMillis,
          written: (rows) => answer({ kind: "written", service: call.header.service, rows }),
          finished: () => void keepWithin(folder, limit),
          failed: (error) => answer({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
        }),
      );
      break;
    case "entries":
      for (const entry of call.entries) add(writers.get(call.service), entry);
      // A thread that has messages waiting comes to no timer.
      if (Date.now() - flushed >= flushMillis) flush();
      break;
    case "lost":
      writers.get(call.service)?.lose(call.rows);
      break;
    case "close":
      clearInterval(timer);
      void Promise.all([...writers.values()].map((writer) => writer.close())).then(() => {
        keepWithin(folder, limit);
        answer({ kind: "closed" });
      });
  }
});

/** Cells in the order of `featureLogColumns`. */
function add(writer: TailWriter | undefined, { requestId, at, model, version, materializedUntil, rows }: LogEntry): void {
  for (const { row, given, values, statuses, eventTimes } of rows)
    writer?.add([
      requestId,
      BigInt(row),
      at,
      model,
      version,
      ...given,
      ...values,
      ...statuses,
      ...eventTimes,
      ...materializedUntil,
    ]);
}
