import path from "node:path";

import { canonicalJson } from "../../runs/canonical-json.js";
import { digestText } from "../../runs/node/digest.js";
import { readRemembered, remember } from "../../runs/node/remembered.js";
import type { SourceDigest } from "../training-set-manifest.js";
import type { KnownTies } from "./join-labels.js";

/**
 * Ties of sources, remembered in `.skewproof/ties.json` by the sources' digests: data that rests is looked through
 * once. Of a query nothing is remembered: it may read what it does not name.
 */
export function knownTies(root: string, sources: readonly SourceDigest[]): KnownTies {
  const file = path.join(root, ".skewproof", "ties.json");
  const known = readRemembered<number>(file);
  const key = (name: string, sql: string): string | undefined => {
    const source = sources.find((one) => one.source === name);
    return source === undefined || source.query !== undefined ? undefined : digestText(canonicalJson([source, sql]));
  };
  return {
    get(name, sql) {
      const at = key(name, sql);
      return at === undefined ? undefined : known[at];
    },
    add(name, sql, ties) {
      const at = key(name, sql);
      if (at !== undefined && known[at] === undefined) remember(file, { [at]: ties });
    },
  };
}
