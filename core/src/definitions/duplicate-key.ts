import { isScalar, visit, YAMLParseError, type Document } from "yaml";

/** The first key that its map has already. The parser does not look: it would take the pieces of `joinCommas` for keys. */
export function duplicateKey(document: Document.Parsed): YAMLParseError | undefined {
  let found: YAMLParseError | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const [start = 0, end = 0] = key.range ?? [];
          found = new YAMLParseError([start, end], "DUPLICATE_KEY", `the key ${String(key.value)} stands twice in one map`);
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}
