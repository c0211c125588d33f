import { isMap, isPair, isScalar, isSeq, parseAllDocuments, type Document } from "yaml";

import { joinCommas } from "../definitions/join-commas.js";
import { kindSchemas, type Kind } from "../definitions/schemas.js";
import { valueAt } from "../definitions/value-at.js";
import type { YamlPath } from "../definitions/source-map.js";

/** What stands at an offset of a definition file. */
export interface Place {
  /** Undefined before the document says its kind, and in `skewproof.yaml`. */
  readonly kind: Kind | undefined;
  /** The path of the value, or of the key's value. */
  readonly path: YamlPath;
  readonly part: "key" | "value";
  /** The document as far as it could be read. */
  readonly document: unknown;
}

/** Finds the place of an offset; mistakes elsewhere in the text do not matter. Undefined between documents and in comments. */
export function placeAt(text: string, offset: number): Place | undefined {
  for (const document of documents(text)) {
    joinCommas(document, text);
    const found = locate(document.contents, offset, []);
    if (found !== undefined) {
      const value = read(document);
      return { kind: kindOf(value), document: value, ...found };
    }
  }
  return undefined;
}

const marker = "cursor_is_here";

/** The place a text would have that is written at `offset`, where there may be nothing yet. */
export function placeToWrite(text: string, offset: number): Place | undefined {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const lineEnd = text.indexOf("\n", offset) === -1 ? text.length : text.indexOf("\n", offset);
  const before = text.slice(lineStart, offset);
  const after = text.slice(offset, lineEnd);
  const alone = /^\s*(?:- )?[\w]*$/.test(before) && after.trim() === "";
  // A word alone in its line is a key of a block map, or an item of a list: whichever the schema then takes.
  const candidates = alone ? [`${marker}:`, marker] : [marker];
  for (const written of candidates) {
    const changed = text.slice(0, offset) + written + text.slice(offset);
    const place = placeAt(changed, offset + 1);
    if (place !== undefined && holdsMarker(place)) return place;
  }
  return undefined;
}

function holdsMarker({ document, path, part }: Place): boolean {
  if (part === "key") return String(path.at(-1)).includes(marker);
  const at = valueAt(document, path);
  return typeof at === "string" && at.includes(marker);
}

/** The document's value; null where it names an anchor that is not there. */
function read(document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (error instanceof ReferenceError) return null;
    throw error;
  }
}

function documents(text: string): Document.Parsed[] {
  const parsed = parseAllDocuments(text, { prettyErrors: false });
  // An empty text gives an object without documents instead of a list.
  return Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
}

function kindOf(value: unknown): Kind | undefined {
  const kind = value !== null && typeof value === "object" && "kind" in value ? value.kind : undefined;
  // The line's condition is what establishes that it is one.
  return typeof kind === "string" && Object.hasOwn(kindSchemas, kind) ? (kind as Kind) : undefined;
}

function covers(node: unknown, offset: number): boolean {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range !== null && range !== undefined && (range[0] ?? 0) <= offset && offset <= (range[1] ?? -1);
}

function locate(node: unknown, offset: number, path: YamlPath): Pick<Place, "path" | "part"> | undefined {
  if (isMap(node))
    for (const pair of node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const here = [...path, String(pair.key.value)];
      if (covers(pair.key, offset)) return { path: here, part: "key" };
      const found = locate(pair.value, offset, here);
      if (found !== undefined) return found;
    }
  else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const found = locate(item, offset, [...path, index]);
      if (found !== undefined) return found;
    }
  } else if (isScalar(node) && node.value !== null && covers(node, offset)) return { path, part: "value" };
  return undefined;
}
