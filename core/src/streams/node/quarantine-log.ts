import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";

import { cannotWrite } from "./tail-file.js";

/** A row that was not taken in. */
export interface Quarantined {
  readonly reason: string;
  /** The row as it came, or the text that could not be read as one. */
  readonly row: { readonly json: unknown } | { readonly text: string };
  /** Where it came from, such as a topic, partition and offset. */
  readonly origin?: Readonly<Record<string, string | number>>;
}

/**
 * Adds rows to `.skewproof/quarantine/SOURCE/YYYY-MM-DD.ndjson` (the day of `moment`, an ISO 8601 text), on disk when it
 * resolves. One write a call, so that the lines of several processes do not mix.
 */
export async function quarantineRows(root: string, source: string, moment: string, rows: readonly Quarantined[]): Promise<void> {
  if (rows.length === 0) return;
  const folder = path.join(root, ".skewproof", "quarantine", source);
  const lines = rows.map(({ reason, row, origin }) => `${JSON.stringify({ moment, reason, ...origin, ...given(row) }, exact)}\n`);
  try {
    mkdirSync(folder, { recursive: true });
    await using file = await open(path.join(folder, `${moment.slice(0, 10)}.ndjson`), "a+", 0o600);
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    const { bytesRead } = size === 0 ? { bytesRead: 0 } : await file.read(last, 0, 1, size - 1);
    // A line that was cut short ends here.
    await file.appendFile((bytesRead === 1 && last[0] !== 10 ? "\n" : "") + lines.join(""));
    await file.datasync();
  } catch (error) {
    throw cannotWrite(error);
  }
}

const given = (row: Quarantined["row"]): object => ("json" in row ? { row: row.json } : { text: row.text });

/** What the library may be given and JSON has not. */
const exact = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
