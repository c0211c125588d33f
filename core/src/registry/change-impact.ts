import { canonicalJson } from "../runs/canonical-json.js";
import type { SnapshotEntry } from "./snapshot.js";

/** `breaking`: something that reads it stops working or gets other values while deployed. `risky`: values may change. */
export type Impact = "breaking" | "risky" | "safe";

export interface Detail {
  /** The key of the definition that differs: `ttl`, `column delay`, `feature spending.spent_7d`. */
  readonly what: string;
  readonly from?: string;
  readonly to?: string;
  readonly impact: Impact;
}

/** Who reads a definition, or one column of a source. */
export interface Reach {
  /** Ids of everything downstream. */
  readonly dependents: readonly string[];
  /** Ids of everything downstream of a column. */
  readonly ofColumn: (column: string) => readonly string[];
}

const reaches = (ids: readonly string[], ...kinds: string[]): boolean =>
  ids.some((id) => kinds.some((kind) => id.startsWith(`${kind} `)));

/** A value's meaning changed: a deployed version gets what it was not trained on. */
function valueImpact(dependents: readonly string[]): Impact {
  if (reaches(dependents, "version")) return "breaking";
  return reaches(dependents, "service", "model") ? "risky" : "safe";
}

const contractImpact = (dependents: readonly string[]): Impact =>
  reaches(dependents, "service", "model", "version") ? "breaking" : "safe";

type Rule = (before: unknown, after: unknown, reach: Reach) => Impact;
const value: Rule = (_, __, { dependents }) => valueImpact(dependents);
const contract: Rule = (_, __, { dependents }) => contractImpact(dependents);
const safe: Rule = () => "safe";
const risky: Rule = () => "risky";
const riskyWhereRead: Rule = (_, __, { dependents }) => (reaches(dependents, "service") ? "risky" : "safe");

/** What a change of one key of a kind's meaning does. */
const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  entity: { keys: contract },
  source: {
    location: riskyWhereRead,
    event_time: value,
    known_at: value,
    tie_break: value,
    lateness: riskyWhereRead,
    event_id: riskyWhereRead,
  },
  view: {
    kind: contract,
    entities: contract,
    source: value,
    keys: value,
    ttl: value,
    refresh: value,
    order: value,
    inputs: safe,
    request: contract,
    online: (_, after, reach) => (after === false ? contract(_, after, reach) : "safe"),
  },
  feature: {
    type: contract,
    expression: value,
    aggregate: value,
    window: value,
    default: value,
    pii: riskyWhereRead,
    expect: safe,
  },
  model: {
    service: (_, __, { dependents }) => (reaches(dependents, "version") ? "breaking" : "risky"),
    task: risky,
    output: risky,
    fill: risky,
  },
  pipeline: {},
  monitor: {},
};

const kindOf = (id: string): string => id.slice(0, id.indexOf(" "));
const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** What differs between two forms of one definition, and what each difference does. */
export function changedDetails(id: string, before: SnapshotEntry, after: SnapshotEntry, reach: Reach): Detail[] {
  const kind = kindOf(id);
  const details: Detail[] = [];
  for (const key of new Set([...Object.keys(before.meaning), ...Object.keys(after.meaning)])) {
    const [from, to] = [before.meaning[key], after.meaning[key]];
    if (same(from, to)) continue;
    if (kind === "service") details.push(...serviceDetails(key, from, to));
    else if (key !== "order" || orderChanged(from, to))
      details.push({ what: key, ...sides(from, to), impact: (rules[kind]?.[key] ?? safe)(from, to, reach) });
  }
  if (kind === "source") details.push(...columnDetails(before.columns, after.columns, reach));
  for (const key of ["owner", "description", "tags"] as const)
    if (!same(before[key], after[key])) details.push({ what: key, ...sides(before[key], after[key]), impact: "safe" });
  return details;
}

/** What the removal of a definition does. */
export function removalImpact(id: string, { dependents }: Reach): Impact {
  if (kindOf(id) === "service") return "breaking";
  if (kindOf(id) === "model") return reaches(dependents, "version") ? "breaking" : "risky";
  return contractImpact(dependents);
}

function sides(from: unknown, to: unknown): { from?: string; to?: string } {
  const text = (side: unknown): string => (typeof side === "string" ? side : canonicalJson(side));
  return { ...(from === undefined ? {} : { from: text(from) }), ...(to === undefined ? {} : { to: text(to) }) };
}

/** Whether what both hold stands in another order; what is new or gone is told by itself. */
function orderChanged(from: unknown, to: unknown): boolean {
  const [before, after] = [names(from), names(to)];
  return !same(
    before.filter((name) => after.includes(name)),
    after.filter((name) => before.includes(name)),
  );
}

const names = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);

function serviceDetails(key: string, from: unknown, to: unknown): Detail[] {
  if (key === "features") {
    const [before, after] = [new Set(names(from)), new Set(names(to))];
    const details: Detail[] = [];
    for (const name of before)
      if (!after.has(name)) details.push({ what: `feature ${name}`, from: "offered", impact: "breaking" });
    for (const name of after) if (!before.has(name)) details.push({ what: `feature ${name}`, to: "offered", impact: "safe" });
    if (orderChanged(from, to)) details.push({ what: "order of features", ...sides(from, to), impact: "risky" });
    return details;
  }
  // Keys and request columns are what clients must send.
  const [before, after] = [record(from), record(to)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): Detail[] =>
    before[name] === after[name]
      ? []
      : [
          {
            what: `${key === "keys" ? "key" : "request column"} ${name}`,
            ...sides(before[name], after[name]),
            impact: after[name] === undefined ? "safe" : "breaking",
          },
        ],
  );
}

// A snapshot's own form: types by name.
const record = (held: unknown): Readonly<Record<string, string>> => (held ?? {}) as Record<string, string>;

function columnDetails(before: SnapshotEntry["columns"], after: SnapshotEntry["columns"], { ofColumn }: Reach): Detail[] {
  // What was never read, on either side, says nothing about the data.
  if (before === undefined || after === undefined) return [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): Detail[] => {
    if (before[name] === after[name]) return [];
    const impact =
      after[name] === undefined
        ? contractImpact(ofColumn(name))
        : before[name] === undefined
          ? ("safe" as const)
          : valueImpact(ofColumn(name));
    return [{ what: `column ${name}`, ...sides(before[name], after[name]), impact }];
  });
}
