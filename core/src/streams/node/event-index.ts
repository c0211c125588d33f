import { createHash } from "node:crypto";
import path from "node:path";

import { open } from "lmdb";

/** Where the log stands: what of it the index knows. */
export interface LogState {
  /** The last row; 0 in an empty log. */
  readonly position: bigint;
  /** Microseconds: when it was taken in. */
  readonly receivedAt: bigint;
  /** The first row of the tail that grows. */
  readonly tail: bigint;
  /** The tail's size up to and with the last row. */
  readonly bytes: number;
  /** The tail's first line. */
  readonly header: string;
  /** The column that the ids are of, and its type. */
  readonly ids: string;
}

/** Event ids and the log's state beside it. It follows from the log, and is rebuilt where it does not fit it. */
export interface EventIndex {
  /** Runs `work` while no other process does. What it puts stands when it returns, and nothing of it when it throws. */
  exclusively<T>(work: () => T): T;
  state(): LogState | undefined;
  setState(state: LogState): void;
  positionOf(id: string): bigint | undefined;
  put(id: string, position: bigint): void;
  clear(): void;
  close(): Promise<void>;
}

/** Opens the index of a log's folder. LMDB's write lock, which the system frees of a process that ended, is the log's too. */
export function openEventIndex(folder: string): EventIndex {
  const root = open({ path: path.join(folder, "index.lmdb"), maxDbs: 2, noMemInit: true });
  const ids = root.openDB<number, string>("ids", { encoding: "msgpack" });
  const states = root.openDB<{ readonly [Key in keyof LogState]: string | number }, string>("state", { encoding: "json" });
  return {
    exclusively: (work) => root.transactionSync(work),
    state() {
      const state = states.get("state");
      if (state === undefined) return undefined;
      const { position, receivedAt, tail, bytes, header, ids: kept } = state;
      return {
        position: BigInt(position),
        receivedAt: BigInt(receivedAt),
        tail: BigInt(tail),
        bytes: Number(bytes),
        header: String(header),
        ids: String(kept),
      };
    },
    setState: ({ position, receivedAt, tail, ...rest }) => {
      states.putSync("state", { ...rest, position: String(position), receivedAt: String(receivedAt), tail: String(tail) });
    },
    positionOf(id) {
      const position = ids.get(keyOf(id));
      return position === undefined ? undefined : BigInt(position);
    },
    put: (id, position) => {
      ids.putSync(keyOf(id), Number(position));
    },
    clear() {
      ids.clearSync();
      states.clearSync();
    },
    close: () => root.close(),
  };
}

/** LMDB's keys are short; a longer id is known by its digest. */
const keyOf = (id: string): string =>
  id.length <= 400 && !id.startsWith("#") ? id : `#${createHash("sha256").update(id).digest("hex")}`;
