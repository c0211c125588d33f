/** A value with its place; offsets are UTF-16 units of the text. */
export type PlainNode =
  | {
      readonly kind: "scalar";
      readonly start: number;
      readonly end: number;
      readonly value: string | number | boolean;
      readonly quoted: boolean;
    }
  | { readonly kind: "map"; readonly start: number; readonly end: number; readonly entries: readonly PlainEntry[] }
  | { readonly kind: "seq"; readonly start: number; readonly end: number; readonly items: readonly PlainNode[] };

export interface PlainEntry {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly value: PlainNode;
}

/**
 * Reads one document of the YAML that definitions are mostly written in: block maps and lists, flow maps and lists on one
 * line, scalars on one line without escapes. Some ten times faster than a whole YAML parser. Undefined for anything else,
 * mistakes among it, which are that parser's; what it does read is what that parser reads. Commas between open parentheses
 * belong to a flow map's value, as in `joinCommas`.
 */
export function parsePlainYaml(text: string): PlainNode | undefined {
  // Tabs, carriage returns and rare line breaks have rules of their own.
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/.test(text)) return undefined;
  const lines = linesOf(text);
  const first = lines?.[0];
  if (lines === undefined) return undefined;
  if (first?.indent === 0 && text.slice(first.start, first.end) === "---") lines.shift();
  const reader = { text, lines, next: 0 };
  const indent = lines[0]?.indent;
  if (indent !== 0) return undefined;
  const node = readBlock(reader, 0);
  return reader.next === lines.length ? node : undefined;
}

interface Line {
  readonly indent: number;
  /** Of the first that is no space, and after the last. */
  readonly start: number;
  readonly end: number;
}

interface Reader {
  readonly text: string;
  readonly lines: Line[];
  next: number;
}

/** The lines that hold something; undefined where a comment is indented, which belongs to a block by rules of its own. */
function linesOf(text: string): Line[] | undefined {
  const lines: Line[] = [];
  for (let from = 0; from < text.length;) {
    const found = text.indexOf("\n", from);
    const end = found < 0 ? text.length : found;
    let start = from;
    while (start < end && text[start] === " ") start++;
    if (start < end && text[start] !== "#") lines.push({ indent: start - from, start, end });
    else if (start < end && start > from) return undefined;
    from = end + 1;
  }
  return lines;
}

const isItem = ({ text }: Reader, { start, end }: Line): boolean =>
  text[start] === "-" && (text[start + 1] === " " || start + 1 === end);
const keyPattern = /([A-Za-z_][\w-]*):(?= |$)/my;
const notText = /^(?:null|true|false|__proto__)$/i;

function keyAt(text: string, at: number): string | undefined {
  keyPattern.lastIndex = at;
  const name = keyPattern.exec(text)?.[1];
  return name === undefined || notText.test(name) ? undefined : name;
}

/** The end of a block: after the line break that ends its last line. */
const afterLine = ({ text }: Reader, { end }: Line): number => Math.min(end + 1, text.length);

function readBlock(reader: Reader, indent: number): PlainNode | undefined {
  const line = reader.lines[reader.next];
  if (line === undefined) return undefined;
  return isItem(reader, line) ? readItems(reader, indent) : readEntries(reader, indent);
}

function readEntries(reader: Reader, indent: number): PlainNode | undefined {
  const { text, lines } = reader;
  const entries: PlainEntry[] = [];
  const start = lines[reader.next]?.start ?? 0;
  let end = start;
  for (let line = lines[reader.next]; line?.indent === indent && !isItem(reader, line); line = lines[reader.next]) {
    const name = keyAt(text, line.start);
    if (name === undefined || entries.some((entry) => entry.name === name)) return undefined;
    const after = line.start + name.length + 1;
    reader.next++;
    const value = after === line.end ? readNested(reader, indent) : readOnLine(reader, skipSpaces(text, after), line, indent);
    if (value === undefined) return undefined;
    entries.push({ name, start: line.start, end: line.start + name.length, value });
    end = afterLine(reader, lines[reader.next - 1] ?? line);
  }
  // A line between two levels belongs to neither.
  return (lines[reader.next]?.indent ?? 0) > indent || entries.length === 0 ? undefined : { kind: "map", start, end, entries };
}

/** What stands under a key: deeper, or a list as deep as the key. */
function readNested(reader: Reader, indent: number): PlainNode | undefined {
  const line = reader.lines[reader.next];
  if (line === undefined || line.indent < indent || (line.indent === indent && !isItem(reader, line))) return undefined;
  return readBlock(reader, line.indent);
}

function readItems(reader: Reader, indent: number): PlainNode | undefined {
  const { text, lines } = reader;
  const items: PlainNode[] = [];
  const start = lines[reader.next]?.start ?? 0;
  let end = start;
  for (let line = lines[reader.next]; line?.indent === indent && isItem(reader, line); line = lines[reader.next]) {
    const at = line.start + 2;
    if (at >= line.end || text[at] === " " || (text[at] === "-" && text[at + 1] === " ")) return undefined;
    let value: PlainNode | undefined;
    if (keyAt(text, at) === undefined) {
      reader.next++;
      value = readOnLine(reader, at, line, indent);
    } else {
      // `- name: x` begins a map whose other keys stand under `name`.
      lines[reader.next] = { indent: indent + 2, start: at, end: line.end };
      value = readEntries(reader, indent + 2);
    }
    if (value === undefined) return undefined;
    items.push(value);
    end = afterLine(reader, lines[reader.next - 1] ?? line);
  }
  return (lines[reader.next]?.indent ?? 0) > indent || items.length === 0 ? undefined : { kind: "seq", start, end, items };
}

/** A value that fills the rest of its line, and is not continued on the next. */
function readOnLine(reader: Reader, at: number, line: Line, indent: number): PlainNode | undefined {
  if ((reader.lines[reader.next]?.indent ?? 0) > indent) return undefined;
  const value = readValue(reader.text, at, line.end, undefined);
  return value?.end === line.end ? value : undefined;
}

function skipSpaces(text: string, at: number): number {
  let next = at;
  while (text[next] === " ") next++;
  return next;
}

type Inside = "map" | "seq" | undefined;

function readValue(text: string, at: number, limit: number, inside: Inside): PlainNode | undefined {
  switch (text[at]) {
    case "{":
      return readFlow(text, at, limit, "map");
    case "[":
      return readFlow(text, at, limit, "seq");
    case '"':
    case "'":
      return readQuoted(text, at, limit);
    default:
      return readPlain(text, at, limit, inside);
  }
}

function readFlow(text: string, start: number, limit: number, kind: "map" | "seq"): PlainNode | undefined {
  const close = kind === "map" ? "}" : "]";
  const entries: PlainEntry[] = [];
  const items: PlainNode[] = [];
  let at = skipSpaces(text, start + 1);
  while (text[at] !== close) {
    if (at >= limit) return undefined;
    const name = kind === "map" ? keyAt(text, at) : "";
    if (name === undefined || (kind === "map" && entries.some((entry) => entry.name === name))) return undefined;
    const value = readValue(text, kind === "map" ? skipSpaces(text, at + name.length + 1) : at, limit, kind);
    if (value === undefined) return undefined;
    if (kind === "map") entries.push({ name, start: at, end: at + name.length, value });
    else items.push(value);
    at = skipSpaces(text, value.end);
    if (text[at] === ",") {
      at = skipSpaces(text, at + 1);
      if (text[at] === close) return undefined;
    } else if (text[at] !== close) return undefined;
  }
  const end = at + 1;
  return end > limit ? undefined : kind === "map" ? { kind, start, end, entries } : { kind, start, end, items };
}

function readQuoted(text: string, start: number, limit: number): PlainNode | undefined {
  const quote = text[start] ?? "";
  const end = text.indexOf(quote, start + 1) + 1;
  if (end === 0 || end > limit || text[end] === quote) return undefined;
  const value = text.slice(start + 1, end - 1);
  return quote === '"' && value.includes("\\") ? undefined : { kind: "scalar", start, end, value, quoted: true };
}

const begins = /[\w./($]|-[\w-]/y;
const looksNumeric = /^(?:[-+]?\.(?:inf|nan)|\.nan|0[ox][\da-f]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?)$/i;

function readPlain(text: string, start: number, limit: number, inside: Inside): PlainNode | undefined {
  begins.lastIndex = start;
  if (!begins.test(text)) return undefined;
  let end = start;
  let open = 0;
  for (; end < limit; end++) {
    const character = text[end];
    const next = end + 1 < limit ? text[end + 1] : undefined;
    if (character === "(") open++;
    else if (character === ")") open--;
    else if (character === ":" && (next === undefined || " ,[]{}".includes(next))) return undefined;
    else if (character === "#" && text[end - 1] === " ") return undefined;
    else if (inside !== undefined) {
      if (character === "[" || character === "{") return undefined;
      if (character === "]" || character === "}") break;
      if (character === ",") {
        if (inside !== "map" || open <= 0) break;
        if (!joins(text, end + 1, limit)) return undefined;
      }
    }
  }
  while (text[end - 1] === " ") end--;
  // Spaces at a line's end belong to no value.
  if (inside === undefined && end !== limit) return undefined;
  const value = resolve(text.slice(start, end));
  return value === undefined ? undefined : { kind: "scalar", start, end, value, quoted: false };
}

/** Whether what follows a comma up to the next is one plain piece, as `joinCommas` puts back. */
function joins(text: string, from: number, limit: number): boolean {
  begins.lastIndex = skipSpaces(text, from);
  if (!begins.test(text)) return false;
  for (let at = from; at < limit && text[at] !== "," && text[at] !== "}"; at++)
    if (`"'[]{:#&*!|>%@\``.includes(text[at] ?? "")) return false;
  return true;
}

/** By YAML's core schema; undefined for the rarer spellings of numbers, and for null. */
function resolve(text: string): string | number | boolean | undefined {
  if (notText.test(text) || text === "~") return text === "true" ? true : text === "false" ? false : undefined;
  if (!looksNumeric.test(text)) return text;
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/.test(text) && text !== "-0" && !text.startsWith("-0.")
    ? Number(text)
    : undefined;
}

/** The JavaScript value of a node. */
export function plainValue(node: PlainNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "seq":
      return node.items.map(plainValue);
    case "map":
      return Object.fromEntries(node.entries.map(({ name, value }) => [name, plainValue(value)]));
  }
}
