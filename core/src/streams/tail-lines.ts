import { SkewproofError } from "../errors.js";
import { parseTimestamp, printTimestamp } from "../values/timestamp-text.js";
import { parseValueType, printValueType } from "../values/value-type-text.js";
import type { Column } from "../values/value-type.js";

// A tail is NDJSON: first the columns of its rows and when the last row before them was taken in (again where they change
// before a row came), then the rows, and, when it is closed, the first row of the next tail.

/** The line before a tail's rows. `receivedAt` in microseconds. */
export function headerLine(columns: readonly Column[], receivedAt: bigint): string {
  return `{"_schema":${schemaText(columns)},"_received_at":"${printTimestamp(receivedAt)}"}\n`;
}

/** One text for the same columns. */
export function schemaText(columns: readonly Column[]): string {
  return JSON.stringify(Object.fromEntries(columns.map(({ name, type }) => [name, printValueType(type)])));
}

export const nextLine = (first: bigint): string => `{"_next":${first}}\n`;

/** What one line says. */
export type TailLine =
  | { readonly kind: "header"; readonly columns: readonly Column[]; readonly receivedAt: bigint }
  | { readonly kind: "row"; readonly position: bigint; readonly receivedAt: string }
  | { readonly kind: "next"; readonly first: bigint };

/** Reads a whole line of `file`. Throws `corrupt` when it is none of a tail. */
export function readLine(file: string, line: string): TailLine {
  const [, position, moment = ""] = /^\{"_position":(\d+),"_received_at":"([^"]*)"/.exec(line) ?? [];
  if (position !== undefined) return { kind: "row", position: BigInt(position), receivedAt: moment };
  const next = /^\{"_next":(\d+)\}$/.exec(line)?.[1];
  if (next !== undefined) return { kind: "next", first: BigInt(next) };
  const { _schema: schema, _received_at: receivedAt } = parse(file, line);
  return { kind: "header", columns: columnsOf(file, schema), receivedAt: parseTimestamp(String(receivedAt)) ?? 0n };
}

/** The row of a line. Throws `corrupt` when it is none. */
export function parse(file: string, line: string): Readonly<Record<string, unknown>> {
  try {
    const row: unknown = JSON.parse(line);
    // What JSON has between braces.
    if (typeof row === "object" && row !== null) return row as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new SkewproofError("corrupt", `${file} has a line that is none of a log: ${line.slice(0, 80)} Restore it from a copy.`);
}

function columnsOf(file: string, schema: unknown): Column[] {
  return Object.entries(typeof schema === "object" && schema !== null ? schema : { "": "" }).map(([name, text]) => {
    const type = parseValueType(String(text));
    if (type === undefined)
      throw new SkewproofError("corrupt", `${file} does not begin with the columns of its rows. Restore it from a copy.`);
    return { name, type };
  });
}

/** What the text of a tail holds: its columns, its last row (undefined without one), and whether it is closed. */
export function summary(
  file: string,
  text: string,
): { readonly columns: readonly Column[]; readonly last: bigint | undefined; readonly isClosed: boolean } {
  let columns: readonly Column[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    const line = readLine(file, text.slice(start, end));
    if (line.kind !== "header") break;
    columns = line.columns;
    start = end + 1;
  }
  const final = text.slice(text.lastIndexOf("\n", text.length - 2) + 1, -1);
  const line = final === "" ? undefined : readLine(file, final);
  const isClosed = line?.kind === "next";
  return { columns, isClosed, last: line?.kind === "row" ? line.position : isClosed ? line.first - 1n : undefined };
}
