import { exitStatus, isSkewproofError } from "../errors.js";

/** Writes what failed to stderr (a sentence; a stack only for a defect of ours) and returns the exit status. */
export function reportFailure(error: unknown, json: boolean): number {
  if (isSkewproofError(error)) {
    if (json) process.stdout.write(`${JSON.stringify({ error: error.message, code: error.code })}\n`);
    process.stderr.write(`${error.message}\n`);
    return exitStatus(error.code);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`This is a defect in Skewproof; please report it with the lines below.\n${text}\n`);
  return 3;
}
