import type { Source } from "skewproof/registry/bound-project";
import type { LoadedProject } from "skewproof/registry/node/load-project";
import { unappliedRows } from "skewproof/streams/node/unapplied-rows";
import { toJsonValue } from "skewproof/values/json-value";

export function clicks({ project }: LoadedProject): Source {
  const source = project.sources.get("clicks");
  if (source === undefined) throw new Error("no source");
  return source;
}

/** The rows of the log after a position, as JSON, in their order. */
export async function logged(loaded: LoadedProject, after = 0n): Promise<Record<string, unknown>[]> {
  const columns = clicks(loaded).columns ?? [];
  const rows: Record<string, unknown>[] = [];
  for await (const some of unappliedRows(loaded.root, clicks(loaded), after))
    for (const { values } of some)
      rows.push(Object.fromEntries(columns.map(({ name, type }, index) => [name, toJsonValue(values[index] ?? null, type)])));
  return rows;
}
