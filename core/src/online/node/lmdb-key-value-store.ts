import path from "node:path";
import { crc32 } from "node:zlib";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import type { Bytes, KeyReading, KeyWork, KeyWriting, OnlineStore, SpaceRecord } from "../key-value-store.js";
import { readSpaceRecord, writeSpaceRecord } from "../space-record.js";
import { isOfWork, workStep } from "../work-step.js";
import { checksumSize, damagedFile, isIntact, openLmdbFile, storeFailure } from "./lmdb-file.js";
import {
  dropName,
  entriesPrefix,
  keyName,
  keyOfEntry,
  partName,
  rangeOf,
  recordName,
  textsPrefix,
  type KeyName,
} from "./lmdb-keys.js";

/** Entries that a step of `drop` removes in one transaction: about a millisecond's work. */
const dropStep = 500;
/** Of this process, to any store: a reader beside a writer sees what was written at once. */
let writes = 0;

/**
 * The embedded online store: one LMDB file that many processes read while one at a time writes. A write holds the write
 * lock, and this thread, until it is on disk.
 * Throws `missing` when it is opened for reading and nothing was materialized yet, and `failed` for a damaged file.
 */
export function openLmdbKeyValueStore(folder: string, { readOnly }: { readonly readOnly: boolean }): OnlineStore {
  // Another name than the first format's: an older file is never taken for this.
  const file = path.join(folder, "online.2.lmdb");
  const database = openLmdbFile(file, readOnly);
  const damaged = (what: string): SkewproofError => damagedFile(file, what);
  const failed = (doing: string, error: unknown): Error =>
    isSkewproofError(error) || isOfWork(error) ? error : storeFailure(file, doing, error);

  const get = (name: Buffer): Bytes | undefined => {
    // What lmdb gives is written over by its next read.
    const seen = database.getBinaryFast(name);
    if (seen === undefined) return undefined;
    const stored = Buffer.allocUnsafe(seen.length);
    seen.copy(stored, 0, 0, stored.length);
    if (!isIntact(name, stored)) throw damaged("a value is not what was written");
    return stored.subarray(0, stored.length - checksumSize);
  };
  const put = (name: Buffer, value: Uint8Array): void => {
    const stored = Buffer.allocUnsafe(checksumSize + value.length);
    stored.set(value, 0);
    stored.writeUInt32LE(crc32(value, crc32(name)), value.length);
    database.putSync(name, stored);
  };
  const inTransaction = (doing: string, act: () => void): void => {
    if (readOnly) throw new SkewproofError("usage", `The online store ${file} is open for reading only.`);
    try {
      // On disk when it returns. lmdb's asynchronous transactions leave rejections that nobody can catch when a disk is full.
      database.transactionSync(act);
    } catch (error) {
      throw failed(doing, error);
    } finally {
      writes++;
    }
  };
  // What was read in this turn of the event loop, and since this process wrote last; undefined before the first reading.
  let turn: Map<string, SpaceRecord | undefined> | undefined;
  let seenWrites = -1;
  const reading = <T>(act: () => T): T => {
    try {
      if (turn === undefined || seenWrites !== writes) {
        seenWrites = writes;
        // lmdb's own snapshot lives until a timer fires: without this, another process's finished write could be missed.
        database.resetReadTxn();
        turn = new Map();
        setImmediate(() => {
          turn = undefined;
        });
      }
      return act();
    } catch (error) {
      throw failed("read", error);
    }
  };

  const drive = <T>(name: KeyName, work: () => KeyWork<T>): T => {
    const running = work();
    let step = workStep(running, undefined);
    while (step.done !== true)
      step = workStep(
        running,
        step.value.map((part) => get(partName(name, part))),
      );
    return step.value;
  };
  const rewrite = (space: string, { key, work }: KeyWriting): void => {
    const name = keyName(space, key);
    const changes = drive(name, work);
    for (const { part, value } of changes)
      if (value === undefined) database.removeSync(partName(name, part));
      else {
        put(partName(name, part), value);
        if (name.textName !== undefined) put(name.textName, Buffer.from(JSON.stringify(key)));
      }
  };
  const namesIn = (prefix: Buffer, limit: number): Buffer[] => [...database.getKeys({ ...rangeOf(prefix), limit })];
  /** Removes entries of a space whose removal began, and says whether the last is gone. */
  const dropSome = (space: string): boolean => {
    if (get(dropName(space)) === undefined) return true;
    const names = namesIn(entriesPrefix(space), dropStep);
    if (names.length < dropStep) names.push(...namesIn(textsPrefix(space), dropStep - names.length));
    for (const name of names) database.removeSync(name);
    if (names.length === dropStep) return false;
    database.removeSync(dropName(space));
    return true;
  };
  const finishDrop = async (space: string, signal?: AbortSignal): Promise<void> => {
    const state = { done: false };
    while (!state.done) {
      if (signal?.aborted === true)
        throw new SkewproofError("cancelled", "The removal was cancelled. The next write to the space, or removal, ends it.");
      inTransaction("remove from", () => {
        state.done = dropSome(space);
      });
      // Lets readers of this thread in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const readRecord = (space: string): SpaceRecord | undefined => {
    if (turn?.has(space) === true) return turn.get(space);
    const stored = get(recordName(space));
    const record = stored === undefined ? undefined : parseRecord(stored, damaged).record;
    turn?.set(space, record);
    return record;
  };

  return {
    read: <T>(readings: readonly KeyReading<T>[]): readonly T[] =>
      reading(() => readings.map(({ space, key, work }) => drive(keyName(space, key), work))),
    async write(space, writings, record) {
      // What an interrupted removal left does not mix with what is written now.
      if (reading(() => get(dropName(space))) !== undefined) await finishDrop(space);
      inTransaction("write", () => {
        while (!dropSome(space));
        for (const writing of writings) rewrite(space, writing);
        if (record !== undefined) put(recordName(space), Buffer.from(JSON.stringify([space, writeSpaceRecord(record)])));
      });
    },
    record: (space) => reading(() => readRecord(space)),
    // The port's promise, for what this store does at once.
    spaces: () =>
      promised(
        () =>
          new Map(
            reading(() => namesIn(Buffer.from("r"), Number.MAX_SAFE_INTEGER).map((name) => get(name))).flatMap((stored) => {
              if (stored === undefined) return [];
              const { space, record } = parseRecord(stored, damaged);
              return [[space, record] as const];
            }),
          ),
      ),
    async drop(space, signal) {
      inTransaction("remove from", () => {
        database.removeSync(recordName(space));
        put(dropName(space), Buffer.alloc(0));
      });
      await finishDrop(space, signal);
    },
    keys: (space, limit, after) =>
      promised(() =>
        reading(() => {
          const { start, end } = rangeOf(entriesPrefix(space));
          const keys: string[] = [];
          let last = after === undefined ? undefined : keyName(space, after).name;
          for (const entry of database.getKeys({ start: last ?? start, end })) {
            if (keys.length >= limit) break;
            const { name, key } = keyOfEntry(entry);
            if (last?.equals(name) === true) continue;
            last = Buffer.from(name);
            if (typeof key === "string") keys.push(key);
            else {
              const text = get(key.textName);
              if (text === undefined) throw damaged("a long key's text is gone");
              keys.push(JSON.parse(Buffer.from(text).toString()) as string);
            }
          }
          return keys;
        }),
      ),
    close: () => database.close(),
  };
}

function parseRecord(
  stored: Uint8Array,
  damaged: (what: string) => SkewproofError,
): { readonly space: string; readonly record: SpaceRecord } {
  try {
    const [space, record] = JSON.parse(Buffer.from(stored).toString()) as [string, string];
    return { space, record: readSpaceRecord(record) };
  } catch {
    throw damaged("a space's record cannot be read");
  }
}

const promised = <T>(act: () => T): Promise<T> => new Promise((resolve) => resolve(act()));
