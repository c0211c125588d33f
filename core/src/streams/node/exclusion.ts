import path from "node:path";

import { open } from "lmdb";

/** Lets one process at a time work on a folder. */
export interface Exclusion {
  /** Runs `work`, which waits for nothing, while no other process does. */
  exclusively<T>(work: () => T): T;
  close(): Promise<void>;
}

/** The lock is that of LMDB's writers: the system frees it when its holder ends, however it ends, and it costs microseconds. */
export function openExclusion(folder: string): Exclusion {
  const database = open({ path: path.join(folder, "lock.lmdb"), noMemInit: true });
  return {
    exclusively: (work) => database.transactionSync(work),
    close: () => database.close(),
  };
}
