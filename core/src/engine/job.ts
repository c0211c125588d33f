import type { ErrorCode } from "../errors.js";
import type { View } from "../views/view.js";

/** Long work of the engine, as the API tells of it. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly progress: { readonly message: string } | null;
  /** What the same command prints with `--json`; null until done. */
  readonly result: unknown;
  readonly view: View | null;
  readonly error: { readonly message: string; readonly code: ErrorCode | "defect" } | null;
}
