import type { Snapshot } from "./snapshot.js";

/** A registered model version that is served or would be next: the features it reads, by their names in its service. */
export interface ModelReader {
  readonly model: string;
  readonly version: string;
  readonly features: readonly { readonly name: string; readonly type: string }[];
  /** The digest of the project's definitions when it was registered. */
  readonly definitions: string;
}

export const versionId = ({ model, version }: ModelReader): string => `version ${model}@${version}`;

/** Ids of what reads each id itself, over any number of snapshots and the versions of their models. */
export type Readers = ReadonlyMap<string, ReadonlySet<string>>;

export function readersOf(snapshots: readonly Snapshot[], versions: readonly ModelReader[]): Readers {
  const readers = new Map<string, Set<string>>();
  const add = (read: string, reader: string): void => {
    const known = readers.get(read);
    if (known === undefined) readers.set(read, new Set([reader]));
    else known.add(reader);
  };
  for (const { entries } of snapshots)
    for (const [id, { reads }] of Object.entries(entries)) for (const read of reads) add(read, id);
  for (const version of versions) {
    add(`model ${version.model}`, versionId(version));
    for (const snapshot of snapshots) for (const read of versionReads(version, snapshot)) add(read, versionId(version));
  }
  return readers;
}

/** Ids of the features that a version reads, as far as its model's service still holds them. */
export function versionReads({ model, features }: ModelReader, { entries }: Snapshot): string[] {
  const names = new Set(features.map(({ name }) => name));
  const service = entries[`model ${model}`]?.meaning["service"];
  const offered = typeof service === "string" ? entries[`service ${service}`]?.meaning["features"] : undefined;
  // Snapshots hold a service's features as `view.feature`.
  return ((offered ?? []) as readonly string[])
    .filter((reference) => names.has(reference.slice(reference.indexOf(".") + 1)))
    .map((reference) => `feature ${reference}`);
}

const kinds = ["column", "source", "entity", "view", "request", "feature", "service", "model", "version", "pipeline", "monitor"];

/** By kind, from source to model version; within a kind by name. */
export function inOrder(ids: Iterable<string>): string[] {
  const rank = (id: string): number => kinds.indexOf(id.slice(0, id.indexOf(" ")));
  return [...ids].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/**
 * Everything that follows from an id, itself left out. A service's model reaches its versions only where they read what
 * is followed: a version trained without a feature does not depend on it.
 */
export function dependentsOf(start: string, readers: Readers): string[] {
  const found = new Set<string>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const reader of readers.get(id) ?? []) {
      const viaModel = reader.startsWith("version ") && id.startsWith("model ");
      if (found.has(reader) || reader === start || (viaModel && id !== start && !/^(service|model) /.test(start))) continue;
      found.add(reader);
      open.push(reader);
    }
  return inOrder(found);
}
