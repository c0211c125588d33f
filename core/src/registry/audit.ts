/** One line of `.skewproof/registry/audit.ndjson`, in canonical JSON. */
export interface AuditEntry {
  readonly format: 1;
  /** 1 for the first. */
  readonly number: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly action: "apply";
  /** Who applied, and where the name comes from. */
  readonly by: string;
  readonly by_from: "option" | "git" | "system";
  readonly project: string;
  /** Of the applied snapshot, `DIGEST.json` beside the log. */
  readonly digest: string;
  readonly previous_digest: string | null;
  /** The project's digest, which training sets and model versions name. */
  readonly definitions: string;
  /** Owners whose approval the breaking changes needed; each was named by whoever applied. */
  readonly approvals: readonly string[];
  readonly changes: { readonly added: number; readonly changed: number; readonly removed: number; readonly breaking: number };
  /** SHA-256 of the entry before, in canonical JSON; null for the first. */
  readonly previous: string | null;
}
