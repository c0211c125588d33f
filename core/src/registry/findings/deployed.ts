import { canonicalJson } from "../../runs/canonical-json.js";
import { inOrder, versionReads, type ModelReader } from "../dependents.js";
import { snapshotEntries, type Snapshot, type SnapshotEntry } from "../snapshot.js";
import { featurePath, type Findings } from "./context.js";

/** Registered model versions that read a feature which is gone, or has another type or meaning than they were trained on. */
export function deployedFindings(findings: Findings): void {
  const { versions, project } = findings;
  if (versions.length === 0) return;
  const entries = snapshotEntries(project);
  for (const version of versions) {
    const model = project.models.get(version.model);
    const at = model && findings.documentOf("model", model.name);
    if (model === undefined || at === undefined) continue;
    const id = `${version.model}@${version.version}`;
    for (const { name, type } of version.features) {
      const offered = model.service.features.find((one) => one.name === name);
      if (offered === undefined)
        findings.report.problem(
          at,
          ["service"],
          "breaks-model",
          `${id} reads ${name}, which the service ${model.service.name} no longer offers. Restore it, or train and deploy a new version.`,
        );
      else {
        const now = entries[`feature ${offered.view.name}.${name}`];
        if (now !== undefined && now.meaning["type"] !== type)
          problemAt(
            findings,
            offered.view.name,
            name,
            `${id} was trained on ${name} as ${type}, and it is ${String(now.meaning["type"])} now.`,
          );
      }
    }
    changedMeanings(findings, version, entries);
  }
}

/** Compares with the definitions of the version's own training where they were applied, else with what was applied last. */
function changedMeanings(findings: Findings, version: ModelReader, entries: Readonly<Record<string, SnapshotEntry>>): void {
  const before = findings.appliedAs(version.definitions) ?? findings.applied;
  if (before === undefined) return;
  for (const feature of versionReads(version, { ...before, entries })) {
    const [then, now] = [before.entries[feature], entries[feature]];
    // A type that differs is told above; a feature that was not there then says nothing of the version's training.
    if (then === undefined || then.meaning["type"] !== now?.meaning["type"]) continue;
    const changed = changedBehind(feature, before, entries);
    if (changed.length === 0) continue;
    const [view = "", name = ""] = feature.slice("feature ".length).split(".");
    problemAt(
      findings,
      view,
      name,
      `${version.model}@${version.version} was trained on another meaning of ${name}: ${changed.join(", ")} changed since.`,
    );
  }
}

/** Ids whose meaning differs, of what decides a feature's value: itself, its view and source, and the features that it reads. */
function changedBehind(feature: string, before: Snapshot, entries: Readonly<Record<string, SnapshotEntry>>): string[] {
  const seen = new Set<string>();
  const open = [feature];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const entry = entries[id];
    if (entry === undefined || seen.has(id)) continue;
    seen.add(id);
    open.push(...entry.reads);
  }
  return inOrder([...seen].filter((id) => differs(id, before.entries[id], entries[id])));
}

// Editors ask at each change, and what stayed is the same object.
const compared = new WeakMap<SnapshotEntry, { readonly with: SnapshotEntry; readonly differs: boolean }>();

function differs(id: string, then: SnapshotEntry | undefined, now: SnapshotEntry | undefined): boolean {
  if (then === undefined || now === undefined) return false;
  const known = compared.get(now);
  if (known?.with === then) return known.differs;
  const found = canonicalJson(deciding(id, then.meaning)) !== canonicalJson(deciding(id, now.meaning));
  compared.set(now, { with: then, differs: found });
  return found;
}

/** Without what decides no value. */
function deciding(id: string, meaning: SnapshotEntry["meaning"]): unknown {
  if (id.startsWith("feature ")) return { ...meaning, pii: undefined, expect: undefined };
  if (id.startsWith("view ")) return { ...meaning, online: undefined, order: undefined, inputs: undefined, request: undefined };
  return meaning;
}

function problemAt({ project, documentOf, report }: Findings, view: string, name: string, message: string): void {
  const bound = project.views.get(view);
  const at = bound && documentOf(bound.kind, view);
  if (at !== undefined)
    report.problem(
      at,
      [...featurePath(at, name), "name"],
      "breaks-model",
      `${message} Give the new meaning a new name, or train and deploy a new version.`,
    );
}
