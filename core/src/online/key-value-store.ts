export type Bytes = Uint8Array;

/**
 * Work on one key of one space. A key's value is its head, the part named "", and, where that grows too large, further
 * parts that only it knows by name. The work yields the names of parts it wants to read and is given them in that order
 * (undefined where nothing stands), as often as it needs; a store runs many at once, each round as one batch.
 */
export type KeyWork<T> = Generator<readonly string[], T, readonly (Bytes | undefined)[]>;

/** A part to write; without a value it is removed. */
export interface PartChange {
  readonly part: string;
  readonly value: Bytes | undefined;
}

export interface KeyReading<T> {
  readonly space: string;
  readonly key: string;
  readonly work: () => KeyWork<T>;
}

export interface KeyWriting {
  readonly key: string;
  /** Called again when another writer changed the key meanwhile, so it must not change anything outside itself. */
  readonly work: () => KeyWork<readonly PartChange[]>;
}

/** What is known of one space: the values of one meaning of one view of one project. */
export interface SpaceRecord {
  readonly project: string;
  readonly view: string;
  /** Microseconds: everything visible until then is in. Undefined while the first materialization has not ended. */
  readonly materializedUntil?: bigint;
  /** Microseconds: a materialization until then began and has not ended; what it wrote is in some of the keys. */
  readonly unfinishedUntil?: bigint;
  /** Stream sources: number of the last log row that is in. */
  readonly streamPosition?: bigint;
  /** Microseconds: when the space was last written. */
  readonly lastUsed: bigint;
}

export interface OnlineStore {
  /**
   * Runs the readings, every round as one batch a server. An embedded store answers at once, without a promise. Where
   * no answer came by the deadline (milliseconds from now) or a server failed, the reading's result is `unanswered`.
   */
  read<T>(readings: readonly KeyReading<T>[], deadline?: number): MaybePromise<readonly (T | typeof unanswered)[]>;
  /**
   * Rewrites keys of one space, each key as one (all of its parts or none), and, after them, the space's record. Durable
   * when it resolves: an embedded store does all in one transaction. Throws `failed` when a server does not take it;
   * what was written until then stands, and the record is as it was.
   */
  write(space: string, writings: readonly KeyWriting[], record?: SpaceRecord): Promise<void>;
  /** The record of a space; undefined for one that was never written. */
  record(space: string): MaybePromise<SpaceRecord | undefined>;
  /** Every space of this store, of all projects in it. */
  spaces(): Promise<ReadonlyMap<string, SpaceRecord>>;
  /** Removes all of a space, in small steps that do not hold up readers; the record goes first. */
  drop(space: string, signal?: AbortSignal): Promise<void>;
  /** A page of a space's keys from `after` on, in the store's own order; empty at the end. For parity's samples. */
  keys(space: string, limit: number, after?: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Stands for the result of a reading that a store did not answer. */
export const unanswered = Symbol("unanswered");

export type MaybePromise<T> = T | Promise<T>;
