import { isMap, isScalar, visit, type Document } from "yaml";

/**
 * Inside `{ }` YAML ends a plain value at a comma, which cuts `expression: coalesce(a, 0)` in two. Where the value's
 * parentheses are open, the pieces that follow (keys without a value) belong to it, and are put back.
 */
export function joinCommas(document: Document.Parsed, text: string): void {
  visit(document, {
    Map(_, map) {
      if (map.flow !== true || !isMap(map)) return;
      for (let index = 0; index < map.items.length; index++) {
        const value = map.items[index]?.value;
        if (!isScalar(value) || value.type !== "PLAIN" || typeof value.source !== "string" || !value.range) continue;
        let joined = value.source;
        while (openParentheses(joined) > 0) {
          const piece = map.items[index + 1];
          if (
            piece === undefined ||
            !isScalar(piece.key) ||
            (piece.value !== null && !(isScalar(piece.value) && piece.value.value === null)) ||
            !piece.key.range
          )
            break;
          joined = text.slice(value.range[0], piece.key.range[1]);
          map.items.splice(index + 1, 1);
          value.range = [value.range[0], piece.key.range[1], piece.key.range[1]];
          value.value = joined;
        }
      }
    },
  });
}

function openParentheses(text: string): number {
  let open = 0;
  for (const character of text) open += character === "(" ? 1 : character === ")" ? -1 : 0;
  return open;
}
