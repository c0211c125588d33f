import type { Column } from "../values/value-type.js";

/**
 * What the log of a stream adds to every row: its number, from 1 without gaps, and the moment at which it was taken in
 * (the server's clock; it never goes back). They stand after the columns of the schema.
 */
export const systemColumns: readonly Column[] = [
  { name: "_position", type: { kind: "int64" } },
  { name: "_received_at", type: { kind: "timestamp" } },
];
