import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Parsed } from "../../definitions/parse-definitions.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import type { Column } from "../../values/value-type.js";
import type { SourceLocation } from "../bound-project.js";
import { labelsKey, type Facts, type LabelColumns, type SourceFacts } from "../source-facts.js";
import { dataIdentity } from "./data-identity.js";
import { readOnce, type ProjectMemory } from "./project-memory.js";

/** A place to look at: a source, or a pipeline's labels. */
export interface Wanted {
  /** A source's name, or `labels PLACE`. */
  readonly name: string;
  readonly location: SourceLocation;
  readonly eventTime?: string;
  readonly knownAt?: string;
}

/** One look at a place, as `.skewproof/schemas.json` keeps it. */
interface Look {
  readonly location: string;
  /** The columns that `history` and `later` are of. */
  readonly times: string;
  /** `dataIdentity` then; the look is right for as long as it stays. */
  readonly identity?: string;
  readonly columns: readonly Column[];
  /** Microseconds as texts. */
  readonly history?: readonly [from: string, to: string];
  readonly later?: Readonly<Record<string, number>>;
}
type Cache = Readonly<Record<string, Look>>;

export interface DataFacts {
  readonly sources: Facts;
  readonly labels: LabelColumns;
}

/**
 * What the data of all sources and labels has. `read` looks at whatever is not known to be as it was at the last look;
 * `cached` takes the last look, and loads no native code.
 */
export async function readData(
  root: string,
  parsed: readonly Parsed[],
  how: "read" | "cached",
  memory?: ProjectMemory,
): Promise<DataFacts> {
  const wanted = placesToRead(parsed);
  const cache = readOnce(memory, cacheFile(root), () => readCache(root));
  const kept: Record<string, Look> = {};
  const stale: (Wanted & { readonly identity: string | undefined })[] = [];
  const refused = new Map<string, string>();
  for (const one of wanted) {
    const look = cache[one.name];
    const isPlace = look?.location === canonicalJson(one.location);
    const isSame = isPlace && look.times === timesOf(one);
    if (how === "cached") {
      // The columns stand whatever a definition says of them.
      if (isPlace) kept[one.name] = isSame ? look : { location: look.location, times: "", columns: look.columns };
      continue;
    }
    const identity = dataIdentity(root, one.location);
    if (isSame && identity !== undefined && look.identity === identity) kept[one.name] = look;
    else stale.push({ ...one, identity });
  }
  if (stale.length > 0) {
    // Loaded here alone, so that the language server, which only uses the cache, holds no native code.
    const { lookAtData } = await import("./look-at-data.js");
    const found = await lookAtData(root, stale);
    for (const one of stale) {
      const facts = found.get(one.name);
      if (typeof facts === "string") refused.set(one.name, facts);
      else if (facts !== undefined) kept[one.name] = toLook(one, one.identity, facts);
    }
  }
  if (how === "read") writeCache(root, kept);
  return toFacts(wanted, kept, refused);
}

const timesOf = ({ eventTime, knownAt }: Wanted): string => canonicalJson({ eventTime, knownAt });

function placesToRead(parsed: readonly Parsed[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const at of parsed) {
    if (at.kind === "source") {
      const { name, path: file, query, event_time, known_at } = (at as Parsed<"source">).definition;
      const moments = {
        ...(event_time === undefined ? {} : { eventTime: event_time }),
        ...(known_at === undefined ? {} : { knownAt: known_at }),
      };
      if (file !== undefined) wanted.set(name, { name, location: { kind: "path", path: file }, ...moments });
      else if (query !== undefined) wanted.set(name, { name, location: { kind: "query", sql: query }, ...moments });
    }
    if (at.kind === "pipeline")
      for (const { labels } of Object.values((at as Parsed<"pipeline">).definition.inputs ?? {})) {
        const name = labelsName(labels);
        const location: SourceLocation =
          typeof labels === "string" ? { kind: "path", path: labels } : { kind: "query", sql: labels.sql };
        wanted.set(name, { name, location });
      }
  }
  return [...wanted.values()];
}

// No source's name has a space.
const labelsName = (labels: string | { readonly sql: string }): string => `labels ${labelsKey(labels)}`;

function toLook(wanted: Wanted, identity: string | undefined, { columns, history, later }: SourceFacts): Look {
  return {
    location: canonicalJson(wanted.location),
    times: timesOf(wanted),
    ...(identity === undefined ? {} : { identity }),
    columns,
    ...(history === undefined ? {} : { history: [String(history.from), String(history.to)] as const }),
    ...(later === undefined ? {} : { later }),
  };
}

function toFacts(wanted: readonly Wanted[], kept: Cache, refused: ReadonlyMap<string, string>): DataFacts {
  const sources = new Map<string, SourceFacts | string>();
  const labels = new Map<string, readonly Column[]>();
  for (const { name } of wanted) {
    const look = kept[name];
    const said = refused.get(name);
    if (name.startsWith("labels ")) {
      if (look !== undefined) labels.set(name.slice("labels ".length), look.columns);
    } else if (said !== undefined) sources.set(name, said);
    else if (look !== undefined)
      sources.set(name, {
        columns: look.columns,
        ...(look.history === undefined ? {} : { history: { from: BigInt(look.history[0]), to: BigInt(look.history[1]) } }),
        ...(look.later === undefined ? {} : { later: look.later }),
      });
  }
  return { sources, labels };
}

const cacheFile = (root: string): string => path.join(root, ".skewproof", "schemas.json");

function readCache(root: string): Cache {
  const file = cacheFile(root);
  if (!existsSync(file)) return {};
  try {
    // Our own file, written below; a damaged one is as good as none.
    return JSON.parse(readFileSync(file, "utf8")) as Cache;
  } catch {
    return {};
  }
}

function writeCache(root: string, cache: Cache): void {
  const file = cacheFile(root);
  const text = JSON.stringify(cache);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
