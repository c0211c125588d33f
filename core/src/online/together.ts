import type { Bytes, KeyWork } from "./key-value-store.js";

/** Several works on one key as one: each round asks for what all of them want. */
export function* together<T>(works: readonly KeyWork<T>[]): KeyWork<T[]> {
  const results = new Array<T>(works.length);
  let open = works.flatMap((work, index) => {
    const step = work.next();
    if (step.done !== true) return [{ index, work, wants: step.value }];
    results[index] = step.value;
    return [];
  });
  while (open.length > 0) {
    const parts: readonly (Bytes | undefined)[] = yield open.flatMap(({ wants }) => wants);
    let at = 0;
    open = open.flatMap(({ index, work, wants }) => {
      const step = work.next(parts.slice(at, at + wants.length));
      at += wants.length;
      if (step.done !== true) return [{ index, work, wants: step.value }];
      results[index] = step.value;
      return [];
    });
  }
  return results;
}
