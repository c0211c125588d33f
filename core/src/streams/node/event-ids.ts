import { createHash } from "node:crypto";
import path from "node:path";

import { open } from "lmdb";

import { SkewproofError } from "../../errors.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { toJsonValue } from "../../values/json-value.js";
import { idText } from "../row-text.js";
import { segmentRows } from "../stream-sql.js";

/**
 * Positions by event id. What was added last is in memory, and goes to an LMDB file in the background: that follows from
 * the log, and is made again from it where it is missing or behind.
 */
export interface EventIds {
  /** All ids up to this position are in the file. */
  kept(): bigint;
  positionOf(id: string): bigint | undefined;
  /** Takes ids in whose rows, and all before them, are in the log, up to `position`. */
  add(ids: ReadonlyMap<string, bigint>, position: bigint): void;
  /** Resolves when all that was added before is in the file. */
  flush(): Promise<void>;
  /** Resolves at once, or, where too much waits in memory, when some of it is in the file. */
  room(): Promise<void>;
  /** Adds the ids in Parquet files, whose last row is `position`. */
  addSegments(root: string, files: readonly string[], position: bigint): Promise<void>;
  clear(): Promise<void>;
  /** Resolves when all is in the file. */
  close(): Promise<void>;
}

const some = 5000;
const most = 200_000;

/** `column` is that of the ids, with its type: another one has other ids. */
export function openEventIds(
  folder: string,
  column: string,
  type: string,
  valueType: Parameters<typeof toJsonValue>[1],
): EventIds {
  const root = open({ path: path.join(folder, "ids.lmdb"), noMemInit: true, maxDbs: 32 });
  const stored = root.openDB<number, string>(`ids ${column} ${type}`, { encoding: "msgpack" });
  const marks = root.openDB<number, string>("kept", { encoding: "msgpack" });
  const mark = `${column} ${type}`;
  const recent = new Map<string, bigint>();
  let added = 0n;
  let flushing: Promise<void> | undefined;

  async function write(ids: readonly (readonly [string, bigint])[], position: bigint): Promise<void> {
    try {
      await Promise.all(ids.map(([id, at]) => stored.put(keyOf(id), Number(at))));
      await marks.put(mark, Number(position));
    } catch (error) {
      // LMDB's cause is a promise of its own, which would end the process if nobody waited for it.
      const { commitError } = error as { readonly commitError?: Promise<never> };
      throw await (commitError ?? Promise.reject(error as Error)).catch((cause: unknown) => cause);
    }
  }

  async function flush(): Promise<void> {
    const [ids, position] = [[...recent], added];
    await write(ids, position);
    for (const [id, at] of ids) if (recent.get(id) === at) recent.delete(id);
  }

  const startFlush = (): Promise<void> =>
    (flushing ??= flush().finally(() => {
      flushing = undefined;
    }));

  return {
    kept() {
      root.resetReadTxn();
      return BigInt(marks.get(mark) ?? 0);
    },
    positionOf(id) {
      const position = recent.get(id) ?? stored.get(keyOf(id));
      return position === undefined ? undefined : BigInt(position);
    },
    add(ids, position) {
      for (const [id, at] of ids) recent.set(id, at);
      added = position;
      // What cannot be written now stays in memory, and is tried again.
      if (recent.size >= some) startFlush().catch(() => undefined);
    },
    async flush() {
      await flushing?.catch(() => undefined);
      await startFlush();
    },
    async room() {
      if (recent.size < most) return;
      try {
        await startFlush();
      } catch (error) {
        throw new SkewproofError(
          "unavailable",
          `The event ids in ${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}. Make room on the disk.`,
          { cause: error },
        );
      }
    },
    async addSegments(root, files, position) {
      await using session = await openDuckdb({ root });
      const relation = segmentRows(files);
      const found = (await session.describe(`SELECT * FROM ${relation}`)).some(({ name }) => name === column);
      const id = identifier(column);
      if (found)
        for await (const rows of session.stream(`SELECT ${id}, _position FROM ${relation} WHERE ${id} IS NOT NULL`)) {
          const ids = rows.map(([value = null, at]) => [idText(toJsonValue(value, valueType)), at] as const);
          await write(
            ids.flatMap(([text, at]) => (typeof at === "bigint" ? [[text, at] as const] : [])),
            BigInt(marks.get(mark) ?? 0),
          );
        }
      await marks.put(mark, Number(position));
    },
    async clear() {
      await stored.clearAsync();
      await marks.remove(mark);
    },
    async close() {
      await flushing?.catch(() => undefined);
      if (recent.size > 0) await startFlush().catch(() => undefined);
      await root.close();
    },
  };
}

/** LMDB's keys are short; a longer id is known by its digest. */
const keyOf = (id: string): string =>
  id.length <= 400 && !id.startsWith("#") ? id : `#${createHash("sha256").update(id).digest("hex")}`;
