import { SkewproofError } from "../errors.js";
import { parseTimestamp } from "../values/timestamp-text.js";

/** Microseconds of an ISO 8601 moment given on the command line; throws `usage` naming the option. */
export function parseMoment(text: string, option: string): bigint {
  const moment = parseTimestamp(text);
  if (moment === undefined)
    throw new SkewproofError("usage", `${option} ${text} is not a moment; write it as 2001-06-01T07:00:00Z.`);
  return moment;
}
