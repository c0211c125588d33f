import { mkdirSync, renameSync } from "node:fs";
import path from "node:path";

import type { Rule } from "../expectations.js";
import { stringLiteral } from "../sql.js";
import type { BrokenRule } from "../training-set-manifest.js";
import { parquetFormat } from "./join-labels.js";
import type { DuckdbSession } from "./duckdb-session.js";

/** How many rows of a written training set break each rule. */
export async function checkExpectations(
  session: DuckdbSession,
  relation: string,
  rules: readonly Rule[],
  signal?: AbortSignal,
): Promise<BrokenRule[]> {
  if (rules.length === 0) return [];
  const counts = rules.map(({ broken }) => `count(*) FILTER (WHERE ${broken})`);
  const [[total = 0n, ...broken] = []] = await session.rows(`SELECT count(*), ${counts.join(", ")} FROM ${relation}`, signal);
  return rules.map(({ feature, rule, share }, index) => {
    const rows = Number(broken[index] ?? 0);
    return { feature, rule, rows, holds: share === undefined ? rows === 0 : rows === 0 || rows < share * Number(total) };
  });
}

/**
 * Copies the rows that break a rule about values to `.skewproof/quarantine/`, with `_row`, their position from 0, and
 * `_broken`, the rules. They stay in the training set: a label row is never lost. Returns the file, relative to the root.
 */
export async function quarantine(
  session: DuckdbSession,
  root: string,
  name: string,
  file: string,
  rules: readonly Rule[],
  signal?: AbortSignal,
): Promise<string> {
  const target = path.join(".skewproof", "quarantine", `${name}.parquet`);
  const absolute = path.join(root, target);
  mkdirSync(path.dirname(absolute), { recursive: true });
  const told = rules
    .filter(({ share }) => share === undefined)
    .map(({ feature, rule, broken }) => `CASE WHEN ${broken} THEN ${stringLiteral(`${feature}: ${rule}`)} END`);
  const broken = `list_filter([${told.join(", ")}], lambda one: one IS NOT NULL)`;
  const temporary = `${absolute}.${process.pid}.tmp`;
  await session.run(
    `COPY (SELECT * FROM (SELECT file_row_number AS _row, ${broken} AS _broken, * EXCLUDE (file_row_number) FROM read_parquet(${stringLiteral(file)}, file_row_number = true)) WHERE len(_broken) > 0) TO ${stringLiteral(temporary)} (${parquetFormat})`,
    signal,
  );
  renameSync(temporary, absolute);
  return target;
}
