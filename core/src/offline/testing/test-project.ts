import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { loadValidProject, type LoadedProject } from "../../registry/node/load-project.js";
import { toDuckdbType } from "../duckdb-type.js";
import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import { openDuckdb } from "../node/duckdb-session.js";
import { identifier, stringLiteral } from "../sql.js";
import type { Row } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";

/** A new folder with files in it; the caller removes it, or the machine does. */
export function temporaryFolder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(path.join(tmpdir(), "skewproof-"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

/** A Parquet file of rows. */
export async function writeParquet(root: string, file: string, columns: readonly Column[], rows: readonly Row[]): Promise<void> {
  await using session = await openDuckdb({ root });
  const cast = ({ name, type }: Column, row: Row): string =>
    `CAST(${literalToDuckdb(row[name] ?? null, type)} AS ${toDuckdbType(type)})`;
  const names = columns.map(({ name }) => identifier(name)).join(", ");
  const lines = rows.map((row) => `(${columns.map((column) => cast(column, row)).join(", ")})`);
  const body =
    lines.length === 0
      ? `SELECT ${columns.map((column) => `${cast(column, {})} AS ${identifier(column.name)}`).join(", ")} WHERE false`
      : `SELECT * FROM (VALUES ${lines.join(", ")}) AS t(${names})`;
  mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
  await session.run(`COPY (${body}) TO ${stringLiteral(path.join(root, file))} (FORMAT parquet)`);
}

/** A loaded project of one definition file over a Parquet source `events`. */
export async function projectWithEvents(
  definitions: string,
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<LoadedProject> {
  const root = temporaryFolder({ "skewproof.yaml": "project: test\nformat: 1\n", "definitions/all.yaml": definitions });
  await writeParquet(root, "data/events.parquet", columns, rows);
  return loadValidProject(root);
}
