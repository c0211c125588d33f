import type { YamlPath } from "./source-map.js";

/** The value at a path of a document; undefined where there is none. */
export function valueAt(value: unknown, path: YamlPath): unknown {
  let at = value;
  for (const step of path)
    at = at !== null && typeof at === "object" ? (at as Record<string | number, unknown>)[step] : undefined;
  return at;
}
