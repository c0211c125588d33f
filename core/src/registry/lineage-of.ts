import { dependentsOf, inOrder, readersOf, versionId, versionReads, type ModelReader } from "./dependents.js";
import type { Snapshot } from "./snapshot.js";

/** What one thing is made of and what is made of it, as ids from source to model version. */
export interface Lineage {
  readonly upstream: readonly string[];
  readonly downstream: readonly string[];
  /** Owners of the thing and of everything downstream, with the ids of what they own. */
  readonly owners: Readonly<Record<string, readonly string[]>>;
}

/** Lineage of an id of a snapshot, or of `column source.name`, `request view.name` or `version model@1`. */
export function lineageOf(id: string, snapshot: Snapshot, versions: readonly ModelReader[]): Lineage {
  const readers = readersOf([snapshot], versions);
  const downstream = new Set(dependentsOf(id, readers));
  if (id.startsWith("source "))
    // A source is also what its columns are.
    for (const column of Object.keys(snapshot.entries[id]?.columns ?? {})) {
      const columnId = `column ${id.slice("source ".length)}.${column}`;
      const through = dependentsOf(columnId, readers);
      if (through.length > 0) downstream.add(columnId);
      for (const one of through) downstream.add(one);
    }
  const owners: Record<string, string[]> = {};
  for (const one of [id, ...inOrder(downstream)]) {
    const owner = snapshot.entries[one]?.owner;
    // A feature's owner is its view's; to name the view is enough.
    if (owner !== undefined && !(one.startsWith("feature ") && one !== id)) (owners[owner] ??= []).push(one);
  }
  return { upstream: upstreamOf(id, snapshot, versions), downstream: inOrder(downstream), owners };
}

function upstreamOf(start: string, snapshot: Snapshot, versions: readonly ModelReader[]): string[] {
  const found = new Set<string>();
  const open = [start, ...featuresOf(start, snapshot)];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const read of readsOf(id, snapshot, versions))
      if (!found.has(read)) {
        found.add(read);
        open.push(read);
      }
  found.delete(start);
  // Its model's service offers more than the version reads: it is named, and not followed.
  const version = versions.find((one) => versionId(one) === start);
  const model = version && `model ${version.model}`;
  for (const id of model === undefined ? [] : [model, ...(snapshot.entries[model]?.reads ?? [])]) found.add(id);
  return inOrder(found);
}

/** The features of a view: it is made of what they are made of. */
function featuresOf(id: string, { entries }: Snapshot): string[] {
  const prefix = `feature ${id.slice("view ".length)}.`;
  return id.startsWith("view ") ? Object.keys(entries).filter((one) => one.startsWith(prefix)) : [];
}

function readsOf(id: string, snapshot: Snapshot, versions: readonly ModelReader[]): readonly string[] {
  const [kind = "", name = ""] = id.split(" ");
  if (kind === "column") return [`source ${name.slice(0, name.indexOf("."))}`];
  if (kind === "version") {
    const version = versions.find((one) => versionId(one) === id);
    return version === undefined ? [] : versionReads(version, snapshot);
  }
  return snapshot.entries[id]?.reads ?? [];
}
