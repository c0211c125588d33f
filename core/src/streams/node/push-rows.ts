import { setImmediate as nextTurn } from "node:timers/promises";

import { SkewproofError } from "../../errors.js";
import type { Source, Stream } from "../../registry/bound-project.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { didYouMean } from "../../values/nearest-name.js";
import { toJsonValue } from "../../values/json-value.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import type { Value } from "../../values/value.js";
import type { PushReport, RowOutcome } from "../push-report.js";
import { rowReader } from "../read-row.js";
import { expectationCheck } from "../row-expectations.js";
import { idText, rowText } from "../row-text.js";
import { quarantineRows, type Quarantined } from "./quarantine-log.js";
import { openStreamLog, type LogOptions } from "./stream-log.js";
import { unappliedRows, type StreamRow } from "./unapplied-rows.js";

/** Makes accepted rows visible online. Called with rows that are durable, by rising position, one call at a time. */
export type ApplyRows = (rows: readonly StreamRow[]) => Promise<void>;

export interface PushOptions extends LogOptions {
  readonly apply?: ApplyRows;
  /** Rows that may wait at once; a batch that would exceed it is refused. Default 50,000. */
  readonly mostWaiting?: number;
}

/** A row as JSON gave it, or a text that is none, and where it came from. */
export type GivenRow = Pick<Quarantined, "row" | "origin"> & {
  /** Why the text is no row. */
  readonly reason?: string;
};

export interface Pusher {
  readonly source: Source & { readonly stream: Stream };
  /**
   * Takes rows in: what fits is durable in the log, and then visible online, when it resolves; the rest is in quarantine.
   * Throws `unavailable` when too many rows wait, the disk is full, or the online store does not answer; in the last case
   * the rows are durable and become visible with the next push or start.
   */
  push(rows: readonly GivenRow[]): Promise<PushReport>;
  /** Rows that were given and not answered yet. */
  readonly waiting: number;
  /** Resolves when all that was given is answered. */
  close(): Promise<void>;
}

/** Rows validated in one go; then others have their turn. */
const slice = 1000;

/** Opens a stream for pushing. Throws `missing` when there is no source of that name, `usage` when it is no stream. */
export function openPusher(
  { root, project }: LoadedProject,
  sourceName: string,
  { apply, mostWaiting = 50_000, ...logOptions }: PushOptions = {},
): Pusher {
  const source = requireStream(project.sources, sourceName);
  const { schema, eventId } = source.stream;
  const clock = logOptions.clock ?? (() => BigInt(Date.now()) * 1000n);
  const log = openStreamLog(root, source, { ...logOptions, clock });
  const read = rowReader(source.stream, source.eventTime);
  const broken = expectationCheck(project, source);
  const text = rowText(schema);
  const idPlace = schema.findIndex(({ name }) => name === eventId);
  const idType = schema[idPlace]?.type;
  const idOf = (values: readonly Value[]): { readonly id?: string } =>
    idType === undefined ? {} : { id: idText(toJsonValue(values[idPlace] ?? null, idType)) };
  const applyInOrder = apply === undefined ? undefined : inOrder(apply, (after) => unappliedRows(root, source, after));
  const underWay = new Set<Promise<unknown>>();
  let waiting = 0;

  async function take(rows: readonly GivenRow[]): Promise<PushReport> {
    const outcomes: (RowOutcome | undefined)[] = [];
    const aside: Quarantined[] = [];
    const good: (readonly Value[])[] = [];
    for (const [index, given] of rows.entries()) {
      if (index > 0 && index % slice === 0) await nextTurn();
      const values = "json" in given.row ? read(given.row.json) : (given.reason ?? "The text is no row.");
      const reason = typeof values === "string" ? values : broken(values);
      if (typeof values === "string" || reason !== undefined) {
        const why = reason ?? "";
        aside.push({ reason: why, row: given.row, ...(given.origin === undefined ? {} : { origin: given.origin }) });
        outcomes.push({ status: "quarantined", reason: why });
      } else {
        good.push(values);
        outcomes.push(undefined);
      }
    }
    await quarantineRows(root, source.name, printTimestamp(clock()), aside);
    const logged = good.length === 0 ? [] : await log.append(good.map((values) => ({ text: text(values), ...idOf(values) })));
    if (good.length > 0)
      await applyInOrder?.(
        logged.flatMap(({ position, receivedAt, isDuplicate }, index) =>
          isDuplicate ? [] : [{ position, values: [...(good[index] ?? []), position, receivedAt] }],
        ),
      );
    const answers = logged.map(({ position, isDuplicate }): RowOutcome => ({
      status: isDuplicate ? "duplicate" : "accepted",
      position,
    }));
    const duplicates = logged.filter(({ isDuplicate }) => isDuplicate).length;
    let next = 0;
    return {
      accepted: logged.length - duplicates,
      duplicates,
      quarantined: aside.length,
      rows: outcomes.flatMap((outcome) => outcome ?? answers[next++] ?? []),
    };
  }

  return {
    source,
    async push(rows) {
      if (waiting > 0 && waiting + rows.length > mostWaiting)
        throw new SkewproofError("unavailable", `${waiting} rows of ${source.name} wait already. Push these again in a moment.`);
      waiting += rows.length;
      const work = take(rows);
      underWay.add(work);
      try {
        return await work;
      } finally {
        waiting -= rows.length;
        underWay.delete(work);
      }
    },
    get waiting() {
      return waiting;
    },
    async close() {
      await Promise.allSettled(underWay);
      await log.close();
    },
  };
}

/**
 * Pushes rows (as JSON gives them; int64 may be bigint too) to a stream. For many batches open a pusher.
 */
export async function pushRows(
  loaded: LoadedProject,
  sourceName: string,
  rows: readonly unknown[],
  options: PushOptions = {},
): Promise<PushReport> {
  const pusher = openPusher(loaded, sourceName, options);
  try {
    return await pusher.push(rows.map((json) => ({ row: { json } })));
  } finally {
    await pusher.close();
  }
}

/**
 * Calls `apply` once at a time with all rows that wait, in the log's order. After a failure the next call brings all rows
 * since then from the log first. Resolves when the rows given, and all before them, are applied.
 */
function inOrder(apply: ApplyRows, rowsAfter: (after: bigint) => AsyncIterable<readonly StreamRow[]>): ApplyRows {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let rows: StreamRow[] = [];
  let appliedUntil: bigint | undefined;
  const run = async (): Promise<void> => {
    const all = rows;
    rows = [];
    next = undefined;
    const first = all[0]?.position;
    try {
      if (appliedUntil === undefined) {
        if (all.length > 0) await apply(all);
        return;
      }
      for await (const some of rowsAfter(appliedUntil)) {
        await apply(some);
        appliedUntil = some.at(-1)?.position ?? appliedUntil;
      }
      appliedUntil = undefined;
    } catch (error) {
      if (first !== undefined) appliedUntil ??= first - 1n;
      throw new SkewproofError(
        "unavailable",
        `The rows are in the log, but not visible online yet: ${error instanceof Error ? error.message : String(error)} They become visible with the next push.`,
        { cause: error },
      );
    }
  };
  return (more) => {
    for (const row of more) rows.push(row);
    next ??= current = current.catch(() => undefined).then(run);
    return next;
  };
}

function requireStream(sources: ReadonlyMap<string, Source>, name: string): Source & { readonly stream: Stream } {
  const source = sources.get(name);
  const { stream } = source ?? {};
  if (source !== undefined && stream !== undefined) return { ...source, stream };
  const streams = [...sources.values()].flatMap((one) => (one.stream === undefined ? [] : [one.name]));
  throw new SkewproofError(
    source === undefined ? "missing" : "usage",
    source === undefined
      ? `There is no source ${name}.${didYouMean(name, streams)} Streams: ${streams.join(", ") || "none"}.`
      : `The source ${name} is no stream; rows can be pushed to: ${streams.join(", ") || "none"}.`,
  );
}
