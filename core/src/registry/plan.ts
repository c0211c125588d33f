import { canonicalJson } from "../runs/canonical-json.js";
import { changedDetails, removalImpact, type Detail, type Impact, type Reach } from "./change-impact.js";
import { dependentsOf, readersOf, type ModelReader } from "./dependents.js";
import type { Snapshot } from "./snapshot.js";

export interface Change {
  /** `feature spending.spent_7d`, as in a snapshot. */
  readonly id: string;
  readonly change: "added" | "changed" | "removed";
  readonly impact: Impact;
  readonly details: readonly Detail[];
  /** Ids downstream that this reaches; of a safe change none. */
  readonly breaks: readonly string[];
  /** Whose it was before the change; of what is new, whose it is. */
  readonly owner: string | null;
  /** Owners without whom it cannot be applied. */
  readonly approvals: readonly string[];
}

/** How a project differs from an applied snapshot. */
export interface Plan {
  /** Breaking changes first, then risky ones. */
  readonly changes: readonly Change[];
  /** Owners who must approve. */
  readonly approvals: readonly string[];
}

const rank: Readonly<Record<Impact, number>> = { breaking: 0, risky: 1, safe: 2 };

/** Compares by meaning: what is only written otherwise is no change. `before` undefined: nothing was applied yet. */
export function planChanges(before: Snapshot | undefined, after: Snapshot, versions: readonly ModelReader[]): Plan {
  const readers = readersOf(before === undefined ? [after] : [before, after], versions);
  const reachOf = (id: string): Reach => ({
    dependents: dependentsOf(id, readers),
    ofColumn: (column) => dependentsOf(`column ${id.slice("source ".length)}.${column}`, readers),
  });
  const ownerOf = (id: string): string | undefined => before?.entries[id]?.owner;
  const changes: Change[] = [];
  const add = (
    id: string,
    change: Change["change"],
    impact: Impact,
    details: readonly Detail[],
    dependents: readonly string[],
  ) => {
    const breaks = impact === "safe" ? [] : dependents;
    const owners = impact === "breaking" ? [id, ...breaks.filter((one) => /^(service|model) /.test(one))].map(ownerOf) : [];
    // Else an owner could be replaced first, and what was theirs broken after.
    if (details.some(({ what }) => what === "owner") && !id.startsWith("feature ")) owners.push(ownerOf(id));
    const approvals = [...new Set(owners.filter((owner) => owner !== undefined))].sort();
    changes.push({ id, change, impact, details, breaks, owner: ownerOf(id) ?? after.entries[id]?.owner ?? null, approvals });
  };

  for (const [id, entry] of Object.entries(before?.entries ?? {})) {
    const now = after.entries[id];
    if (now !== undefined && canonicalJson(now) === canonicalJson(entry)) continue;
    const reach = reachOf(id);
    if (now === undefined) {
      add(id, "removed", removalImpact(id, reach), [], reach.dependents);
      continue;
    }
    const details = changedDetails(id, entry, now, reach).filter(({ what }) => what !== "owner" || !id.startsWith("feature "));
    if (details.length === 0) continue;
    const impact = details.reduce<Impact>((worst, one) => (rank[one.impact] < rank[worst] ? one.impact : worst), "safe");
    const columns = details.filter((one) => one.what.startsWith("column ") && one.impact !== "safe");
    const onlyColumns = details.every((one) => one.what.startsWith("column ") || one.impact === "safe");
    const dependents = onlyColumns
      ? [...new Set(columns.flatMap(({ what }) => reach.ofColumn(what.slice("column ".length))))]
      : reach.dependents;
    add(id, "changed", impact, details, dependents);
  }
  for (const id of Object.keys(after.entries)) if (before?.entries[id] === undefined) add(id, "added", "safe", [], []);

  changes.sort((a, b) => rank[a.impact] - rank[b.impact] || (a.id < b.id ? -1 : 1));
  return { changes, approvals: [...new Set(changes.flatMap(({ approvals }) => approvals))].sort() };
}
