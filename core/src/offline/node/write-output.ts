import { mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import { canonicalJson } from "../../runs/canonical-json.js";
import { digestFile, digestText } from "../../runs/node/digest.js";
import { toJsonValue } from "../../values/json-value.js";
import type { Column } from "../../values/value-type.js";
import { didYouMean } from "../../values/nearest-name.js";
import { identifier, stringLiteral } from "../sql.js";
import type { DuckdbSession } from "./duckdb-session.js";
import { parquetFormat } from "./join-labels.js";
import { writeArrow } from "./write-arrow.js";

export type OutputFormat =
  | { readonly kind: "parquet" | "csv" | "arrow" }
  /** A folder `column=value/…` of Parquet files, rows in order within each. */
  | { readonly kind: "partitioned"; readonly by: readonly string[] };

/** The format that a name's ending and `--partition-by` ask for; throws `usage` where they ask for none. */
export function outputFormat(out: string, partitionBy: readonly string[] = []): OutputFormat {
  if (partitionBy.length > 0) {
    if (/\.\w+$/.test(path.basename(out)))
      throw new SkewproofError("usage", `A partitioned training set is a folder; ${out} ends like a file.`);
    return { kind: "partitioned", by: partitionBy };
  }
  const ending = /\.(parquet|csv|arrow|feather)$/.exec(out)?.[1];
  if (ending === undefined)
    throw new SkewproofError("usage", `${out} ends with neither .parquet, .csv nor .arrow; the ending says the format.`);
  return { kind: ending === "feather" ? "arrow" : (ending as "parquet" | "csv" | "arrow") };
}

/** Makes the output at `target` from the joined Parquet file, which may be moved there. Returns its digest. */
export async function writeOutput(
  session: DuckdbSession,
  joined: string,
  columns: readonly Column[],
  format: OutputFormat,
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  const relation = `read_parquet(${stringLiteral(joined)})`;
  switch (format.kind) {
    case "parquet":
      renameSync(joined, target);
      return digestFile(target);
    case "csv":
      await session.run(`COPY (SELECT * FROM ${relation}) TO ${stringLiteral(target)} (FORMAT csv, HEADER true)`, signal);
      break;
    case "arrow":
      await writeArrow(session, relation, columns, target, signal);
      break;
    case "partitioned":
      return writePartitions(session, relation, columns, format.by, target, signal);
  }
  rmSync(joined);
  return digestFile(target);
}

const mostPartitions = 1000;

async function writePartitions(
  session: DuckdbSession,
  relation: string,
  columns: readonly Column[],
  by: readonly string[],
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  const parts = by.map((name) => {
    const column = columns.find((one) => one.name === name);
    if (column !== undefined) return column;
    const names = columns.map((one) => one.name);
    throw new SkewproofError(
      "usage",
      `There is no column ${name} to partition by.${didYouMean(name, names)} Columns: ${names.join(", ")}.`,
    );
  });
  const list = by.map(identifier).join(", ");
  const found = await session.rows(
    `SELECT DISTINCT ${list} FROM ${relation} ORDER BY ${list} LIMIT ${mostPartitions + 1}`,
    signal,
  );
  if (found.length > mostPartitions)
    throw new SkewproofError(
      "usage",
      `${by.join(", ")} would make more than ${mostPartitions} partitions; take a column with fewer values.`,
    );
  const digests: [string, string][] = [];
  for (const values of found) {
    const folder = parts
      .map(({ name, type }, index) => {
        const value = toJsonValue(values[index] ?? null, type);
        return `${encodeURIComponent(name)}=${value === null ? "__HIVE_DEFAULT_PARTITION__" : encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`;
      })
      .join("/");
    mkdirSync(path.join(target, folder), { recursive: true });
    const conditions = parts.map(
      ({ name, type }, index) => `${identifier(name)} IS NOT DISTINCT FROM ${literalToDuckdb(values[index] ?? null, type)}`,
    );
    const file = path.join(folder, "part-0.parquet");
    await session.run(
      `COPY (SELECT * EXCLUDE (${list}) FROM ${relation} WHERE ${conditions.join(" AND ")}) TO ${stringLiteral(path.join(target, file))} (${parquetFormat})`,
      signal,
    );
    digests.push([file, await digestFile(path.join(target, file))]);
  }
  return digestText(canonicalJson(digests));
}
