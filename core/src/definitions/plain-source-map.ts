import type { Position, Range } from "../diagnostic.js";
import type { PlainEntry, PlainNode } from "./plain-yaml.js";
import type { SourceMap } from "./source-map.js";

/** `firstLine`: where the text begins in its file. */
export function plainSourceMap(root: PlainNode, text: string, firstLine: number): SourceMap {
  let starts: number[] | undefined;
  const position = (offset: number): Position => {
    starts ??= lineStarts(text);
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: firstLine + low, character: offset - (starts[low] ?? 0) };
  };
  const between = (start: number, end: number): Range => ({ start: position(start), end: position(end) });

  return {
    range(path, span) {
      const { value } = find(root, path);
      const quote = value.kind === "scalar" && value.quoted ? 1 : 0;
      if (span === undefined || value.kind !== "scalar" || typeof value.value !== "string")
        return between(value.start, value.end);
      return between(value.start + quote + span.start, value.start + quote + span.end);
    },
    keyRange(path) {
      const { key, value } = find(root, path);
      const { start, end } = key ?? value;
      return between(start, end);
    },
  };
}

/** The value at a path, or the nearest enclosing one. */
function find(root: PlainNode, path: readonly (string | number)[]): { value: PlainNode; key?: PlainEntry } {
  let found: { value: PlainNode; key?: PlainEntry } = { value: root };
  for (const step of path) {
    const { value } = found;
    const entry = value.kind === "map" ? value.entries.find(({ name }) => name === step) : undefined;
    const item = value.kind === "seq" && typeof step === "number" ? value.items[step] : undefined;
    if (entry !== undefined) found = { value: entry.value, key: entry };
    else if (item !== undefined) found = { value: item };
    else return found;
  }
  return found;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
