/**
 * What went wrong, as a closed set. The command line's exit status follows from it (contracts §5):
 * `usage` is 2, `invalid` is 1, everything else is 3.
 */
export type ErrorCode =
  /** The caller asked for something that makes no sense: an unknown option, feature or service. */
  | "usage"
  /** The project's definitions are not valid; the diagnostics say where. */
  | "invalid"
  /** A file or folder is not there. */
  | "missing"
  /** A file is there but is not what it should be: corrupt Parquet, an ONNX file that does not load. */
  | "corrupt"
  /** A program or machine that is needed is not there or did not answer: no Python, port in use, engine gone. */
  | "unavailable"
  /** A program that we ran failed. */
  | "failed"
  /** The work was cancelled. */
  | "cancelled";

/**
 * The only error class of Skewproof. `message` is written for the person who must act:
 * what happened, where (file, line, column, feature, row), and what to do next.
 */
export class SkewproofError extends Error {
  override readonly name = "SkewproofError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** True for a SkewproofError of any bundle (and of `code`, when given): `instanceof` fails across bundles. */
export function isSkewproofError(error: unknown, code?: ErrorCode): error is SkewproofError {
  return (
    error instanceof Error && error.name === "SkewproofError" && "code" in error && (code === undefined || error.code === code)
  );
}

/** The process exit status for an error code (contracts §5). */
export function exitStatus(code: ErrorCode): number {
  if (code === "usage") return 2;
  return code === "invalid" ? 1 : 3;
}
