import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { withLock } from "../../processes/node/with-lock.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestText } from "../../runs/node/digest.js";
import type { AuditEntry } from "../audit.js";
import { planChanges, type Plan } from "../plan.js";
import { snapshotEntries, type Snapshot } from "../snapshot.js";
import type { LoadedProject } from "./load-project.js";
import { readModelReaders } from "./model-readers.js";
import { appendApplied, findApplied, lastApplied, registryFolder, snapshotDigest, type Applied } from "./registry-store.js";

export interface PlanResult extends Plan {
  /** Of the definitions as they are now. */
  readonly digest: string;
  /** What they are compared with; null before anything was applied. */
  readonly against: { readonly digest: string; readonly at: string; readonly by: string } | null;
}

export function currentSnapshot({ project }: LoadedProject): Snapshot {
  return { format: 1, project: project.name, definitions: project.digest, entries: snapshotEntries(project) };
}

/** The difference from what was applied last, or from an applied digest (a prefix is enough). */
export function planProject(loaded: LoadedProject, against?: string): PlanResult {
  const before = against === undefined ? lastApplied(loaded.root) : findApplied(loaded.root, against);
  return compare(loaded, currentSnapshot(loaded), before);
}

function compare({ root }: LoadedProject, snapshot: Snapshot, before: Applied | undefined): PlanResult {
  return {
    digest: snapshotDigest(snapshot),
    against: before === undefined ? null : { digest: before.entry.digest, at: before.entry.at, by: before.entry.by },
    ...planChanges(before?.snapshot, snapshot, readModelReaders(root, "current")),
  };
}

export interface ApplyOptions {
  readonly by: { readonly name: string; readonly from: AuditEntry["by_from"] };
  /** Owners who have approved. */
  readonly approvals: readonly string[];
  readonly now: Date;
}

/**
 * Records a valid project as applied: its snapshot and one audit line. An unchanged project is not recorded again, and
 * `entry` is null. Whoever applies approves what they own. Throws `invalid` naming the owners that are missing, and
 * `corrupt` when the log's chain is broken.
 */
export async function applyProject(
  loaded: LoadedProject,
  { by, approvals, now }: ApplyOptions,
): Promise<PlanResult & { readonly entry: AuditEntry | null }> {
  const { root, project } = loaded;
  return withLock(path.join(registryFolder(root), "lock"), "apply", () => {
    const before = lastApplied(root);
    const snapshot = currentSnapshot(loaded);
    const plan = compare(loaded, snapshot, before);
    if (before?.entry.digest === plan.digest) return { ...plan, entry: null };
    const missing = plan.approvals.filter((owner) => owner !== by.name && !approvals.includes(owner));
    if (missing.length > 0)
      throw new SkewproofError(
        "invalid",
        `Breaking changes of what others own need their approval: ${missing.join(", ")}. \`skewproof plan\` shows them; with their word run \`skewproof apply --approve ${missing.join(" ")}\`. Nothing was applied.`,
      );
    const count = (change: string): number => plan.changes.filter((one) => one.change === change).length;
    const entry: AuditEntry = {
      format: 1,
      number: (before?.entry.number ?? 0) + 1,
      at: now.toISOString(),
      action: "apply",
      by: by.name,
      by_from: by.from,
      project: project.name,
      digest: plan.digest,
      previous_digest: before?.entry.digest ?? null,
      definitions: project.digest,
      approvals: plan.approvals,
      changes: {
        added: count("added"),
        changed: count("changed"),
        removed: count("removed"),
        breaking: plan.changes.filter(({ impact }) => impact === "breaking").length,
      },
      previous: before === undefined ? null : digestText(canonicalJson(before.entry)),
    };
    appendApplied(root, snapshot, entry);
    return { ...plan, entry };
  });
}
