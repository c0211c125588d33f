import { SkewproofError } from "../../errors.js";
import { parseTimestamp } from "../../values/timestamp-text.js";

/**
 * A request's moment in microseconds: the server's clock, or, with `replay`, the one that the request names. Throws
 * `usage` for a moment that may not be named, or is none.
 */
export function requestMoment(replay: boolean): (at: string | undefined) => bigint {
  return (at) => {
    if (at === undefined) return BigInt(Date.now()) * 1000n;
    if (!replay)
      throw new SkewproofError(
        "usage",
        "options.at is accepted only by a sidecar started with --replay; here a request's moment is the server's clock.",
      );
    const parsed = parseTimestamp(at);
    if (parsed === undefined)
      throw new SkewproofError("usage", `options.at: ${at} is not a moment; write it as 2001-06-01T07:00:00Z.`);
    return parsed;
  };
}
