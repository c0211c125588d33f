import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import path from "node:path";

import type { FeatureService } from "../../registry/bound-project.js";
import { toJsonValue } from "../../values/json-value.js";
import type { Value } from "../../values/value.js";
import { featureLogColumns } from "../feature-log-columns.js";

export interface LogEntry {
  readonly requestId: string;
  readonly row: number;
  readonly at: bigint;
  readonly model: string;
  readonly version: string;
  readonly entities: Readonly<Record<string, Value>>;
  readonly request: Readonly<Record<string, Value>>;
  readonly values: readonly Value[];
  readonly statuses: readonly string[];
}

/** The served rows of one service. `append` only queues; rows are on disk within `flushMillis`, and at `close`. */
export interface FeatureLog {
  append(entry: LogEntry): void;
  /** Rows not yet on disk. */
  readonly pending: number;
  close(): void;
}

const flushMillis = 200;
const segmentBytes = 64 * 1024 * 1024;

/**
 * Appends to `FOLDER/SERVICE/*.ndjson.open`, renamed to `*.ndjson` when a segment is full or the log is closed. A
 * process that is killed leaves its open segment, whose whole lines are read like any other.
 */
export function openFeatureLog(folder: string, service: FeatureService, definitions: string, name: string): FeatureLog {
  const target = path.join(folder, service.name);
  mkdirSync(target, { recursive: true });
  const columns = featureLogColumns(service);
  let queue: LogEntry[] = [];
  let segment = 0;
  let bytes = 0;
  let descriptor: number | undefined;
  const file = (): string => path.join(target, `${name}-${String(segment).padStart(5, "0")}.ndjson`);

  function line({ requestId, row, at, model, version, entities, request, values, statuses }: LogEntry): string {
    const cells: readonly Value[] = [
      requestId,
      BigInt(row),
      at,
      model,
      version,
      definitions,
      ...service.keys.map((key) => entities[key.name] ?? null),
      ...service.request.map((column) => request[column.name] ?? null),
      ...values,
      ...statuses,
    ];
    return `${JSON.stringify(Object.fromEntries(columns.map((column, index) => [column.name, toJsonValue(cells[index] ?? null, column.type)])))}\n`;
  }

  function flush(): void {
    if (queue.length === 0) return;
    const text = queue.map(line).join("");
    queue = [];
    descriptor ??= openSync(`${file()}.open`, "a", 0o600);
    bytes += writeSync(descriptor, text);
    if (bytes >= segmentBytes) roll();
  }

  function roll(): void {
    if (descriptor === undefined) return;
    fsyncSync(descriptor);
    closeSync(descriptor);
    descriptor = undefined;
    if (existsSync(`${file()}.open`)) renameSync(`${file()}.open`, file());
    segment++;
    bytes = 0;
  }

  const timer = setInterval(flush, flushMillis);
  timer.unref();
  return {
    append: (entry) => void queue.push(entry),
    get pending() {
      return queue.length;
    },
    close() {
      clearInterval(timer);
      flush();
      roll();
    },
  };
}
