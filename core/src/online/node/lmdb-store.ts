import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";

import { open, type RootDatabase } from "lmdb";

import { SkewproofError } from "../../errors.js";
import { floorDivide } from "../../values/timestamp-text.js";
import type { EventChunk, LatestVersion, OnlineStoreReader } from "../online-store.js";
import type { OnlineView } from "../online-view.js";

/** Version of the encoding; another one is another set of keys. */
const format = 1;

/** Keys: `[space]` high-water mark, `[space, key]` latest versions, `[space, key, chunk]` events. */
type Key = [string] | [string, string] | [string, string, number];

export interface LmdbStore extends OnlineStoreReader {
  /** Writes in one transaction; resolves when it is on disk. */
  write(changes: readonly { readonly key: Key; readonly value: unknown }[], removed?: readonly Key[]): Promise<void>;
  /** Chunk numbers of a key below `before`. */
  chunksBefore(view: OnlineView, key: string, before: number): number[];
  chunk(view: OnlineView, key: string, number: number): EventChunk | undefined;
  space(view: OnlineView): string;
  close(): Promise<void>;
}

/**
 * The embedded online store: one LMDB file per project, which several processes may read while one writes.
 * Throws `missing` when it is opened for reading and nothing was materialized yet.
 */
export function openLmdbStore(folder: string, { readOnly }: { readonly readOnly: boolean }): LmdbStore {
  const file = path.join(folder, "online.lmdb");
  if (readOnly && !existsSync(file))
    throw new SkewproofError("missing", `Nothing is materialized in ${folder} yet. Run \`skewproof materialize\`.`);
  mkdirSync(folder, { recursive: true });
  const database: RootDatabase<unknown, Key> = open({
    path: file,
    readOnly,
    encoding: "msgpack",
    encoder: { int64AsType: "bigint", useRecords: false },
    noMemInit: true,
  });
  const spaces = new Map<string, string>();
  const space = (view: OnlineView): string => {
    let found = spaces.get(view.meaning);
    if (found === undefined) {
      found = `${format}.${view.view.name}.${createHash("sha256").update(view.meaning).digest("hex").slice(0, 16)}`;
      spaces.set(view.meaning, found);
    }
    return found;
  };
  // LMDB's keys are short; a longer one is known by its digest.
  const short = (key: string): string => (key.length <= 500 ? key : `#${createHash("sha256").update(key).digest("hex")}`);

  // Decoding a hot key's events costs more than folding them. What is kept is right for as long as the view's mark stands.
  const decoded = new Map<string, { readonly mark: unknown; readonly chunks: readonly EventChunk[] }>();
  const mostDecoded = 20_000;

  // The values below were written by materialize.ts in these forms; the format number guards the meaning.
  return {
    space,
    latest: (view, key) => (database.get([space(view), short(key)]) as readonly LatestVersion[] | undefined) ?? [],
    events(view, key, from, to) {
      const start: Key = [
        space(view),
        short(key),
        from === "unbounded" ? Number.MIN_SAFE_INTEGER : Number(floorDivide(from, view.chunk)),
      ];
      const end: Key = [space(view), short(key), Number(floorDivide(to, view.chunk)) + 1];
      const mark = readOnly ? database.get([space(view)]) : undefined;
      const name = `${start.join(" ")} ${end.join(" ")}`;
      const kept = decoded.get(name);
      if (mark !== undefined && kept?.mark === mark) return kept.chunks;
      const chunks = [...database.getRange({ start, end }).map(({ value }) => value as EventChunk)];
      if (mark !== undefined) {
        if (decoded.size >= mostDecoded) decoded.clear();
        decoded.set(name, { mark, chunks });
      }
      return chunks;
    },
    materializedUntil: (view) => database.get([space(view)]) as bigint | undefined,
    chunk: (view, key, number) => database.get([space(view), short(key), number]) as EventChunk | undefined,
    chunksBefore: (view, key, before) =>
      [
        ...database.getKeys({
          start: [space(view), short(key), Number.MIN_SAFE_INTEGER],
          end: [space(view), short(key), before],
        }),
      ].map((found) => Number(found[2])),
    async write(changes, removed = []) {
      await database.transaction(() => {
        for (const key of removed) database.removeSync(key);
        for (const { key, value } of changes)
          database.putSync([key[0], ...key.slice(1, 2).map((part) => short(String(part))), ...key.slice(2)] as Key, value);
      });
      await database.flushed;
    },
    close: () => database.close(),
  };
}
