import { statSync } from "node:fs";

import type { ParsedFile } from "../../definitions/parse-definitions.js";

/** What an editor's server keeps between two looks at a project, so that only what changed is done again. */
export interface ProjectMemory {
  /** Of each definition file, what was parsed. */
  readonly files: Map<string, { readonly stamp: string | undefined; readonly parsed: ParsedFile }>;
  /** What was read of a file of ours, by its path. */
  readonly read: Map<string, { readonly stamp: string; readonly value: unknown }>;
}

export const createMemory = (): ProjectMemory => ({ files: new Map(), read: new Map() });

/** Changes with the file: size and time of change. Undefined where there is none. */
export function fileStamp(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.size} ${found.mtimeNs}`;
}

/** What `read` gives, or gave while the file was as it is. */
export function readOnce<T>(memory: ProjectMemory | undefined, file: string, read: () => T): T {
  const stamp = fileStamp(file);
  const before = memory?.read.get(file);
  // Each path is read by one reader.
  if (before !== undefined && before.stamp === stamp) return before.value as T;
  const value = read();
  if (stamp !== undefined) memory?.read.set(file, { stamp, value });
  return value;
}
