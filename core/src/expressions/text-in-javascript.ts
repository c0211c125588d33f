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

/** Case of each code point by itself, as engines do it: no letter becomes two, and a final sigma is like any other. */
export function changeCase(text: string, to: "lower" | "upper"): string {
  let result = "";
  for (const character of text) {
    if (character === "ß" && to === "upper") result += "ẞ";
    else {
      const changed = to === "lower" ? character.toLowerCase() : character.toUpperCase();
      const [first = character] = changed;
      // İ lower-cases to i and a combining dot; engines keep the i. A letter that would grow otherwise stays.
      result += Array.from(changed).length === 1 ? changed : to === "lower" ? first : character;
    }
  }
  return result;
}

export function substring(text: string, start: bigint, count: bigint): string {
  if (start < 1n || count < 0n) return "";
  const from = Number(start - 1n);
  return Array.from(text)
    .slice(from, from + Number(count))
    .join("");
}

/** Without the plain spaces at both ends; other white space stays. */
export function trimSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charAt(start) === " ") start++;
  while (end > start && text.charAt(end - 1) === " ") end--;
  return text.slice(start, end);
}
