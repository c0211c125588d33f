import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";

import type { Cell, Table } from "./case.js";

/** A table as text, with DuckDB's names of its types: what files are compared by. */
export interface TextTable {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const named = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const spelled: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  int32: "INTEGER",
  int64: "BIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  string: "VARCHAR",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMP WITH TIME ZONE",
  date: "DATE",
  bytes: "BLOB",
};

/** DuckDB's name of a type of ours. */
function storedType(type: string): string {
  const element = /^list<(.*)>$/.exec(type)?.[1];
  return element === undefined ? (spelled[type] ?? type.toUpperCase()) : `${storedType(element)}[]`;
}

/** Text that a cast reads as the cell. */
function castable(cell: Cell): string | null {
  if (cell === null || typeof cell === "string") return cell;
  if (typeof cell !== "object") return String(cell);
  const items = cell.map((item) => (typeof item === "string" ? quoted(item) : (castable(item) ?? "NULL")));
  return `[${items.join(", ")}]`;
}

/** Writes a table; the ending (.parquet, .csv, .ndjson) says how, and a `*` in the name splits the rows over three files. */
export async function writeTable(file: string, table: Table): Promise<void> {
  if (file.includes("*")) {
    for (const part of [0, 1, 2])
      await writeTable(file.replace("*", String(part)), { ...table, rows: table.rows.filter((_, row) => row % 3 === part) });
    return;
  }
  const format = { ".parquet": "FORMAT parquet", ".csv": "FORMAT csv, HEADER true", ".ndjson": "FORMAT json" }[
    path.extname(file)
  ];
  if (format === undefined) throw new Error(`${file} is no table file`);
  mkdirSync(path.dirname(file), { recursive: true });
  await withRelation(file, table, (relation) => connection.run(`COPY (${relation}) TO ${quoted(file)} (${format})`));
}

/** Runs `use` on SQL that gives the table, its cells cast from text. */
async function withRelation<T>(file: string, { columns, rows }: Table, use: (relation: string) => Promise<T>): Promise<T> {
  const names = Object.keys(columns);
  const texts = `${file}.cells`;
  mkdirSync(path.dirname(texts), { recursive: true });
  writeFileSync(
    texts,
    rows.map((row) => JSON.stringify(Object.fromEntries(row.map((cell, index) => [`c${index}`, castable(cell)])))).join("\n"),
  );
  const read = names.map((_, index) => `'c${index}': 'VARCHAR'`).join(", ");
  const cast = names.map((name, index) => `CAST(c${index} AS ${storedType(columns[name] ?? "")}) AS ${named(name)}`).join(", ");
  try {
    return await use(`SELECT ${cast} FROM read_json(${quoted(texts)}, format = 'newline_delimited', columns = {${read}})`);
  } finally {
    rmSync(texts);
  }
}

async function textTable(relation: string): Promise<TextTable> {
  const described = await connection.runAndReadAll(`DESCRIBE ${relation}`);
  const columns = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  const texts = columns.map(({ name }) => `CAST(${named(name)} AS VARCHAR)`).join(", ");
  const read = await connection.runAndReadAll(`SELECT ${texts} FROM (${relation})`);
  return { columns, rows: read.getRows() as (string | null)[][] };
}

/** A file's rows in order. */
export async function readTable(file: string): Promise<TextTable> {
  return textTable(`SELECT * FROM ${quoted(file)}`);
}

/** A table as it would be read back from a file. */
export async function asText(scratch: string, table: Table): Promise<TextTable> {
  return withRelation(path.join(scratch, "expected"), table, textTable);
}

/**
 * Whether the rows of one Parquet file (or several, by a glob) stand in another in the same order, in the columns named;
 * text tells apart what equality does not, such as 0 and -0.
 */
export async function compareRows(
  file: string,
  other: string,
  columns: readonly string[],
): Promise<{ readonly rows: number; readonly otherRows: number; readonly different: number }> {
  const numbered = (name: string): string =>
    `SELECT *, row_number() OVER (ORDER BY filename, file_row_number) AS place FROM read_parquet(${quoted(name)}, filename = true, file_row_number = true)`;
  const differ = columns.map((name) => `CAST(a.${named(name)} AS VARCHAR) IS DISTINCT FROM CAST(b.${named(name)} AS VARCHAR)`);
  const read = await connection.runAndReadAll(
    `SELECT count(a.place), count(b.place), count(*) FILTER (WHERE ${differ.join(" OR ")}) FROM (${numbered(file)}) AS a FULL JOIN (${numbered(other)}) AS b USING (place)`,
  );
  const [rows = 0, otherRows = 0, different = 0] = (read.getRows()[0] ?? []).map(Number);
  return { rows, otherRows, different };
}
