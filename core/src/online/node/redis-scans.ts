import { SkewproofError } from "../../errors.js";
import { keyOfHead, spacePrefix } from "./redis-keys.js";
import type { RedisServers } from "./redis-servers.js";
import { inGroups } from "./redis-writes.js";

/** Names that a server looks at in one step: well under a millisecond. */
const step = 1000;

/**
 * Removes every name of a space. Asks before each step whether it may still; false when it may not.
 * Throws a server's error; what is removed stays so.
 */
export async function removeNames(
  servers: RedisServers,
  space: string,
  mayGoOn: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<boolean> {
  // Heads first: whoever reads meanwhile finds a key whole or not at all.
  for (const isRemoved of [(name: string) => keyOfHead(space, name) !== undefined, () => true])
    for (const master of servers.masters()) {
      let cursor = "0";
      do {
        if (signal?.aborted === true)
          throw new SkewproofError("cancelled", "The removal was cancelled. The next write to the space, or removal, ends it.");
        const [next, found] = await master.scan(cursor, "MATCH", `${spacePrefix(space)}*`, "COUNT", step);
        cursor = next;
        const names = found.filter(isRemoved);
        if (names.length === 0) continue;
        if (!(await mayGoOn())) return false;
        const groups = inGroups(names, servers.spreads ? 1 : 100);
        const answers = await servers.send(groups.map((group) => ({ name: group[0] ?? "", args: ["UNLINK", ...group] })));
        for (const answer of answers) if (answer instanceof Error) throw answer;
      } while (cursor !== "0");
    }
  return true;
}

interface Place {
  /** Which of the masters, and where its SCAN goes on; undefined after the last. */
  readonly master: number;
  readonly cursor: string;
  /** Found already, and not yet given out. */
  readonly found: readonly string[];
}

/** Where the page after a key begins, of the pages that were given out last: Redis has no order to find it by. */
export type KeyPages = Map<string, Place>;
const mostPages = 100;

/**
 * A page of a space's keys in the order of SCAN. A page that does not follow one that was given out through `pages` is found by
 * going through all from the start. Throws `failed` where `after` is not there any more.
 */
export async function pageOfKeys(
  servers: RedisServers,
  pages: KeyPages,
  space: string,
  limit: number,
  after: string | undefined,
): Promise<readonly string[]> {
  const place = after === undefined ? undefined : pages.get(JSON.stringify([space, after]));
  let { master, cursor, found } = place ?? { master: 0, cursor: "0", found: [] };
  let missing = place === undefined ? after : undefined;
  const masters = servers.masters();
  for (;;) {
    if (missing !== undefined) {
      const at = found.indexOf(missing);
      if (at >= 0) missing = undefined;
      found = at < 0 ? [] : found.slice(at + 1);
    }
    if ((missing === undefined && found.length >= limit) || master >= masters.length) break;
    const server = masters[master];
    if (server === undefined) break;
    const [next, names] = await server.scan(cursor, "MATCH", `${spacePrefix(space)}*}`, "COUNT", step);
    found = [...found, ...(await keysOf(servers, space, names))];
    cursor = next;
    if (next === "0") master++;
  }
  if (missing !== undefined)
    throw new SkewproofError(
      "failed",
      "The online store's keys cannot be paged on: the last page's last key is gone. Begin again.",
    );
  const page = found.slice(0, limit);
  const last = page.at(-1);
  if (last !== undefined) {
    if (pages.size >= mostPages) pages.delete(pages.keys().next().value ?? "");
    pages.set(JSON.stringify([space, last]), { master, cursor, found: found.slice(limit) });
  }
  return page;
}

async function keysOf(servers: RedisServers, space: string, names: readonly string[]): Promise<readonly string[]> {
  const heads = names.map((name) => keyOfHead(space, name)).filter((head) => head !== undefined);
  const texts = heads.filter((head) => "text" in head).map(({ text }) => text);
  const answers = await servers.read(texts.map((name) => [name]));
  let next = 0;
  return heads.flatMap((head) => {
    if ("key" in head) return [head.key];
    const answer = answers[next++];
    if (answer instanceof Error) throw answer;
    const text = answer?.[0];
    // Else it was removed since the scan. The text is what was written as a string's JSON.
    return text ? [JSON.parse(text.toString()) as string] : [];
  });
}
