import { randomUUID } from "node:crypto";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import { unanswered, type KeyReading, type KeyWork, type OnlineStore, type SpaceRecord } from "../key-value-store.js";
import { readSpaceRecord, writeSpaceRecord } from "../space-record.js";
import { isOfWork } from "../work-step.js";
import { redisFailure } from "./redis-errors.js";
import { droppingName, recordsName, redisKeyNames, type RedisKeyNames } from "./redis-keys.js";
import { pageOfKeys, removeNames, type KeyPages } from "./redis-scans.js";
import { connectRedis, type RedisCommand } from "./redis-servers.js";
import type { RedisSettings } from "./redis-settings.js";
import { runWorks } from "./redis-works.js";
import { writeKeys } from "./redis-writes.js";

/** Milliseconds that a reading without a deadline, a write's start and a question for records wait for a server. */
const patience = 5000;
/** Readings that may wait for answers at once; more are not asked. */
const mostPending = 20_000;

/**
 * The remote online store. Connects in the background, and again whenever a connection is lost; nothing is queued
 * meanwhile. An acknowledged write is as durable as the server makes it (`appendfsync`, replicas).
 */
export function openRedisKeyValueStore(settings: RedisSettings, { readOnly }: { readonly readOnly: boolean }): OnlineStore {
  const { where } = settings;
  const servers = connectRedis(settings);
  const failed = (doing: string, error: unknown): Error =>
    isSkewproofError(error) || isOfWork(error)
      ? error
      : redisFailure(where, doing, error instanceof Error ? error : new Error(String(error)));
  const asking = async <T>(doing: string, act: () => Promise<T>): Promise<T> => {
    try {
      await servers.ready(patience);
      return await act();
    } catch (error) {
      throw failed(doing, error);
    }
  };
  /** For commands of one server: their answers, or the first error. */
  const ask = async (...commands: RedisCommand["args"][]): Promise<readonly unknown[]> => {
    const answers = await servers.send(commands.map((args) => ({ name: recordsName, args })));
    for (const answer of answers) if (answer instanceof Error) throw answer;
    return answers;
  };
  const writing = <T>(doing: string, act: () => Promise<T>): Promise<T> => {
    if (readOnly) throw new SkewproofError("usage", `The online store ${where} is open for reading only.`);
    return asking(doing, act);
  };

  /** Only who holds the token removes: another who finished the removal may have let new values in. */
  const finishDrop = async (space: string, signal?: AbortSignal): Promise<void> => {
    const token = randomUUID();
    await ask(["HSET", droppingName, space, token]);
    const isOurs = async (): Promise<boolean> => String((await ask(["HGET", droppingName, space]))[0]) === token;
    if (await removeNames(servers, space, isOurs, signal)) await ask(["HDEL", droppingName, space]);
  };

  let pending = 0;
  /** Throws a work's own error alone. */
  const readAll = async <T>(
    readings: readonly KeyReading<T>[],
    results: (T | typeof unanswered)[],
    deadline: number,
  ): Promise<void> => {
    if (servers.isNew() && !(await servers.ready(deadline).then(always, never))) return;
    const byServer = new Map<
      string,
      { readonly place: number; readonly names: RedisKeyNames; readonly work: () => KeyWork<T> }[]
    >();
    for (const [place, { space, key, work }] of readings.entries()) {
      const names = redisKeyNames(space, key);
      const server = servers.serverOf(names.head);
      const works = byServer.get(server);
      if (works === undefined) byServer.set(server, [{ place, names, work }]);
      else works.push({ place, names, work });
    }
    // Apart, so that a server that is silent holds up no other's answers.
    await Promise.all(
      [...byServer.values()].map((works) =>
        runWorks(servers, works, (at, outcome) => {
          const place = works[at]?.place;
          if (place !== undefined && !(outcome instanceof Error)) results[place] = outcome.result;
        }),
      ),
    );
  };
  const pages: KeyPages = new Map();

  return {
    async read<T>(readings: readonly KeyReading<T>[], deadline = patience) {
      const results = readings.map((): T | typeof unanswered => unanswered);
      if (readings.length === 0 || pending + readings.length > mostPending) return results;
      pending += readings.length;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        // Of a process that was busy the timer comes before answers that are there: these are taken first.
        timer = setTimeout(() => setImmediate(resolve), deadline);
      });
      // What comes after the deadline goes into `results`, which nobody reads any more, and an error ends below.
      const all = readAll(readings, results, deadline).finally(() => {
        pending -= readings.length;
      });
      try {
        await Promise.race([all, late]);
      } finally {
        clearTimeout(timer);
        all.catch(() => undefined);
      }
      return [...results];
    },
    write: (space, writings, record) =>
      writing("write", async () => {
        if ((await ask(["HEXISTS", droppingName, space]))[0] !== 0) await finishDrop(space);
        await writeKeys(servers, space, writings);
        if (record !== undefined) await ask(["HSET", recordsName, space, JSON.stringify([space, writeSpaceRecord(record)])]);
      }),
    record: (space) =>
      asking("read", async () => {
        const [stored] = await ask(["HGET", recordsName, space]);
        return stored === null ? undefined : parseRecord(stored, where)[1];
      }),
    spaces: () =>
      asking("read", async () => {
        const [stored] = await ask(["HVALS", recordsName]);
        // HVALS answers with a list.
        return new Map((stored as unknown[]).map((one) => parseRecord(one, where)));
      }),
    drop: (space, signal) =>
      writing("remove from", async () => {
        await ask(["HSET", droppingName, space, "begun"], ["HDEL", recordsName, space]);
        await finishDrop(space, signal);
      }),
    keys: (space, limit, after) => asking("read", () => pageOfKeys(servers, pages, space, limit, after)),
    close: () => servers.close(),
  };
}

const always = (): boolean => true;
const never = (): boolean => false;

function parseRecord(stored: unknown, where: string): [string, SpaceRecord] {
  try {
    const [space, record] = JSON.parse(String(stored)) as [string, string];
    return [space, readSpaceRecord(record)];
  } catch {
    throw new SkewproofError(
      "failed",
      `The online store ${where} holds a record that cannot be read. Remove the key ${recordsName} and run \`skewproof materialize --full\`.`,
    );
  }
}
