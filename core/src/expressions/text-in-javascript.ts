/** SQL's like: `%` any text, `_` one code point. Linear in the common case; no pattern is special otherwise. */
export function like(text: string, pattern: string): boolean {
  const [t, p] = [Array.from(text), Array.from(pattern)];
  let [at, in_, star, mark] = [0, 0, -1, 0];
  while (at < t.length) {
    if (p[in_] === "%") [star, mark, in_] = [in_, at, in_ + 1];
    else if (p[in_] === "_" || p[in_] === t[at]) [at, in_] = [at + 1, in_ + 1];
    else if (star >= 0) [mark, at, in_] = [mark + 1, mark + 1, star + 1];
    else return false;
  }
  while (p[in_] === "%") in_++;
  return in_ === p.length;
}

/**
 * Case of each code point by itself, as engines do it (Unicode's simple case mapping): no letter becomes two, and a
 * final sigma is like any other.
 */
export function changeCase(text: string, to: "lower" | "upper"): string {
  if (isAscii(text)) return to === "lower" ? text.toLowerCase() : text.toUpperCase();
  let result = "";
  for (const character of text) {
    const changed = to === "lower" ? character.toLowerCase() : character.toUpperCase();
    const [first = character] = changed;
    // İ lower-cases to i and a combining dot; engines keep the i.
    if (character === "ß" && to === "upper") result += "ẞ";
    else if (codePoints(changed) === 1) result += changed;
    else result += to === "lower" ? first : simpleUpper(character);
  }
  return result;
}

/** Greek letters with an iota below have capitals of their own; what else would grow stays as it is. */
function simpleUpper(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0x1f80 && code <= 0x1faf && (code & 15) < 8) return String.fromCharCode(code + 8);
  return code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3 ? String.fromCharCode(code + 9) : character;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Number of code points. */
export function codePoints(text: string): number {
  let pairs = 0;
  for (let index = 1; index < text.length; index++)
    if (isLow(text.charCodeAt(index)) && isHigh(text.charCodeAt(index - 1))) pairs++;
  return text.length - pairs;
}

/** DuckDB's substr: a start below 0 counts from the end, a negative count goes backwards; the range is then clipped. */
export function substring(text: string, start: number, count: number): string {
  const length = codePoints(text);
  [start, count] = [withinInt32(start), withinInt32(count)];
  const from = start > 0 ? start - 1 : start < 0 ? length + start : -1;
  const [low, high] = count < 0 ? [from + count, from] : [from, from + count];
  const [first, last] = [Math.max(low, 0), Math.min(high, length)];
  if (first >= last) return "";
  return length === text.length ? text.slice(first, last) : Array.from(text).slice(first, last).join("");
}

/** No text is longer, and DuckDB is given no more. */
const withinInt32 = (n: number): number => Math.max(-2_147_483_647, Math.min(2_147_483_647, n));

/** The n-th part between separators, from the end where n is negative; empty where there is none. */
export function splitPart(text: string, separator: string, n: bigint): string {
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  const index = n < 0n ? BigInt(parts.length) + n : n - 1n;
  return index >= 0n && index < BigInt(parts.length) ? (parts[Number(index)] ?? "") : "";
}

/** Without the plain spaces at both ends; other white space stays. */
export function trimSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charAt(start) === " ") start++;
  while (end > start && text.charAt(end - 1) === " ") end--;
  return text.slice(start, end);
}
