import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { syncFolder } from "../../files/node/durable.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestText } from "../../runs/node/digest.js";
import type { AuditEntry } from "../audit.js";
import type { Snapshot } from "../snapshot.js";

export const registryFolder = (root: string): string => path.join(root, ".skewproof", "registry");
export const auditFile = (root: string): string => path.join(registryFolder(root), "audit.ndjson");
const snapshotFile = (root: string, digest: string): string => path.join(registryFolder(root), `${digest}.json`);

export const snapshotDigest = (snapshot: Snapshot): string => digestText(canonicalJson(snapshot));

/**
 * The audit log, oldest first, after checking that each entry follows the one before it. A last line without its end was
 * never acknowledged, and is left out. Throws `corrupt` naming the first line that does not fit.
 */
export function readAudit(root: string): AuditEntry[] {
  if (!existsSync(auditFile(root))) return [];
  const entries: AuditEntry[] = [];
  let previous: string | null = null;
  for (const line of readFileSync(auditFile(root), "utf8").split("\n").slice(0, -1)) {
    const entry = readEntry(line);
    const wrong =
      entry === undefined
        ? "it is not an entry in canonical JSON"
        : entry.previous !== previous || entry.number !== entries.length + 1
          ? "it does not follow the entry before it, which was changed or removed"
          : undefined;
    if (wrong !== undefined || entry === undefined)
      throw new SkewproofError(
        "corrupt",
        `${auditFile(root)}, line ${entries.length + 1}: ${wrong ?? ""}. Someone edited the log; restore it from a copy before anything is applied.`,
      );
    entries.push(entry);
    previous = digestText(line);
  }
  return entries;
}

function readEntry(line: string): AuditEntry | undefined {
  try {
    // Our own form; the chain of digests guards it.
    const entry = JSON.parse(line) as Omit<AuditEntry, "format"> & { readonly format: number };
    return canonicalJson(entry) === line && entry.format === 1 ? { ...entry, format: 1 } : undefined;
  } catch {
    return undefined;
  }
}

/** The snapshot of that digest. Throws `missing` when it is gone, `corrupt` when it is not what was applied. */
export function readSnapshot(root: string, digest: string): Snapshot {
  const file = snapshotFile(root, digest);
  if (!existsSync(file))
    throw new SkewproofError("missing", `${file} is gone: the audit log names it as applied. Restore it from a copy.`);
  const text = readFileSync(file, "utf8");
  if (digestText(text) !== digest)
    throw new SkewproofError("corrupt", `${file} is not what was applied: its SHA-256 differs. Restore it from a copy.`);
  // Our own form, as the digest says.
  return JSON.parse(text) as Snapshot;
}

export interface Applied {
  readonly entry: AuditEntry;
  readonly snapshot: Snapshot;
}

/** What was applied last, or undefined before the first time. */
export function lastApplied(root: string): Applied | undefined {
  const entry = readAudit(root).at(-1);
  return entry && { entry, snapshot: readSnapshot(root, entry.digest) };
}

/**
 * An applied snapshot by a prefix of its digest, or of the definitions' digest that training sets and versions name.
 * Throws `usage` when none or several fit.
 */
export function findApplied(root: string, prefix: string): Applied {
  const entries = readAudit(root);
  const found = entries.filter(({ digest, definitions }) => digest.startsWith(prefix) || definitions.startsWith(prefix));
  const entry = found.at(-1);
  if (entry === undefined || prefix === "")
    throw new SkewproofError(
      "usage",
      entries.length === 0
        ? "Nothing was applied yet. Run `skewproof apply`."
        : `No applied digest begins with ${prefix}. The latest are: ${entries
            .slice(-5)
            .reverse()
            .map(({ digest, at }) => `${digest.slice(0, 12)} (${at})`)
            .join(", ")}.`,
    );
  if (new Set(found.map(({ digest }) => digest)).size > 1 && !found.every(({ definitions }) => definitions === entry.definitions))
    throw new SkewproofError(
      "usage",
      `Several applied digests begin with ${prefix}: ${[...new Set(found.map(({ digest }) => digest.slice(0, 16)))].join(", ")}. Give more of it.`,
    );
  return { entry, snapshot: readSnapshot(root, entry.digest) };
}

/** The applied snapshot whose definitions have that digest; undefined where none was applied. */
export function appliedDefinitions(root: string, audit: readonly AuditEntry[], definitions: string): Snapshot | undefined {
  const entry = audit.findLast((one) => one.definitions === definitions);
  return entry && existsSync(snapshotFile(root, entry.digest)) ? readSnapshot(root, entry.digest) : undefined;
}

/** Writes a snapshot whole, then the audit line, each on disk before the next step. The caller holds the lock. */
export function appendApplied(root: string, snapshot: Snapshot, entry: AuditEntry): void {
  const folder = registryFolder(root);
  mkdirSync(folder, { recursive: true });
  const file = snapshotFile(root, entry.digest);
  if (!existsSync(file)) {
    const temporary = `${file}.${process.pid}`;
    writeDurably(temporary, "w", canonicalJson(snapshot));
    renameSync(temporary, file);
    syncFolder(folder);
  }
  const isNew = !existsSync(auditFile(root));
  if (!isNew) dropUnfinishedLine(auditFile(root));
  writeDurably(auditFile(root), "a", `${canonicalJson(entry)}\n`);
  if (isNew) syncFolder(folder);
}

function writeDurably(file: string, flag: "w" | "a", text: string): void {
  const descriptor = openSync(file, flag);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A crash inside the last append can leave a piece of a line, which nobody was told of. */
function dropUnfinishedLine(file: string): void {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end === bytes.length) return;
  const descriptor = openSync(file, "r+");
  try {
    ftruncateSync(descriptor, end);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
