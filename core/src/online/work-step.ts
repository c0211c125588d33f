import type { Bytes, KeyWork } from "./key-value-store.js";

const thrown = new WeakSet<Error>();

/** Runs a work up to what it asks for next. What it throws is told from a store's own errors by `isOfWork`. */
export function workStep<T>(
  work: KeyWork<T>,
  values: readonly (Bytes | undefined)[] | undefined,
): IteratorResult<readonly string[], T> {
  try {
    return values === undefined ? work.next() : work.next(values);
  } catch (error) {
    if (error instanceof Error) thrown.add(error);
    throw error;
  }
}

export function isOfWork(error: unknown): error is Error {
  return error instanceof Error && thrown.has(error);
}
