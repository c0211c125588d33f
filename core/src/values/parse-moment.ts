import { SkewproofError } from "../errors.js";
import { parseTimestamp } from "./timestamp-text.js";

/** Microseconds of an ISO 8601 moment; throws `usage` naming the option or field. */
export function parseMoment(text: string, option: string): bigint {
  const moment = parseTimestamp(text);
  if (moment === undefined)
    throw new SkewproofError("usage", `${option} ${text} is not a moment; write it as 2001-06-01T07:00:00Z.`);
  return moment;
}
