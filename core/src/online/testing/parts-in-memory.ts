import type { Bytes, KeyWork, PartChange } from "../key-value-store.js";

/** One key's parts in memory. */
export interface PartsInMemory {
  readonly parts: Map<string, Bytes>;
  /** Parts that were read, and rounds of them, since the start. */
  readonly reads: { parts: number; rounds: number };
  read<T>(work: KeyWork<T>): T;
  write(work: KeyWork<readonly PartChange[]>): readonly PartChange[];
}

export function partsInMemory(): PartsInMemory {
  const parts = new Map<string, Bytes>();
  const reads = { parts: 0, rounds: 0 };
  const read = <T>(work: KeyWork<T>): T => {
    let step = work.next();
    while (step.done !== true) {
      reads.rounds++;
      reads.parts += step.value.length;
      step = work.next(step.value.map((part) => parts.get(part)));
    }
    return step.value;
  };
  return {
    parts,
    reads,
    read,
    write(work) {
      const changes = read(work);
      for (const { part, value } of changes)
        if (value === undefined) parts.delete(part);
        else parts.set(part, value);
      return changes;
    },
  };
}
