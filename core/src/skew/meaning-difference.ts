type Meanings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What differs between two texts of `featureMeanings`, in words: `feature v.f: window "7d" is now "14d"`. */
export function meaningDifference(served: string, now: string): string {
  // Both are texts of ours, written by featureMeanings.
  const [before, after] = [JSON.parse(served) as Meanings, JSON.parse(now) as Meanings];
  const ids = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const told = ids.flatMap((id) => {
    const [was, is] = [before[id], after[id]];
    if (was === undefined) return [`${id} came into it`];
    if (is === undefined) return [`${id} went out of it`];
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    const changed = keys.filter((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]));
    return changed.map((key) => `${id}: ${key} ${show(was[key])} is now ${show(is[key])}`);
  });
  return told.join("; ");
}

function show(value: unknown): string {
  return value === undefined ? "absent" : typeof value === "string" ? value : JSON.stringify(value);
}
