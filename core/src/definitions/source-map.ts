import { isMap, isPair, isScalar, isSeq, type Document, type LineCounter } from "yaml";

import type { Position, Range, Span } from "../diagnostic.js";

export type YamlPath = readonly (string | number)[];

/** Finds the places of a YAML document's values in its text. */
export interface SourceMap {
  /** The value at a path; the nearest enclosing value where it is absent. With `span`: a part of a one-line text. */
  range(path: YamlPath, span?: Span): Range;
  /** The key at a path; where there is none, the value. */
  keyRange(path: YamlPath): Range;
}

/** `firstLine`: where the document's text begins in its file. */
export function sourceMap(document: Document.Parsed, lines: LineCounter, textLength: number, firstLine: number): SourceMap {
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, textLength));
    return { line: firstLine + Math.max(0, line - 1), character: Math.max(0, col - 1) };
  };
  const between = (start: number, end: number): Range => ({ start: position(start), end: position(end) });

  function find(path: YamlPath): { value: unknown; key?: unknown } {
    let found: { value: unknown; key?: unknown } = { value: document.contents };
    for (const step of path) {
      const { value } = found;
      if (isMap(value)) {
        const pair = value.items.find(({ key }) => isScalar(key) && key.value === step);
        if (pair === undefined) return found;
        found = { value: pair.value ?? pair.key, key: pair.key };
      } else if (isSeq(value) && typeof step === "number" && value.items[step] !== undefined)
        found = { value: value.items[step] };
      else return found;
    }
    return found;
  }

  function offsets(node: unknown): readonly [number, number] {
    const owner = isPair(node) ? node.key : node;
    const range = (owner as { range?: readonly number[] | null } | null)?.range ?? document.range;
    return [range[0] ?? 0, range[1] ?? 0];
  }

  return {
    range(path, span) {
      const { value } = find(path);
      const [start, end] = offsets(value);
      if (span === undefined || !isScalar(value) || typeof value.value !== "string") return between(start, end);
      const quote = value.type === "QUOTE_SINGLE" || value.type === "QUOTE_DOUBLE" ? 1 : 0;
      // Folded, multi-line and escaped texts have no one-to-one map: the whole value is marked.
      if (end - start !== value.value.length + 2 * quote) return between(start, end);
      return between(start + quote + span.start, start + quote + span.end);
    },
    keyRange(path) {
      const { key, value } = find(path);
      return between(...offsets(key ?? value));
    },
  };
}
