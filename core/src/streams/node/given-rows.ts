import { createReadStream, existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

import { SkewproofError } from "../../errors.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { fileRelation } from "../../offline/source-relation.js";
import { stringLiteral } from "../../offline/sql.js";
import { toJsonValue } from "../../values/json-value.js";
import type { GivenRow } from "./push-rows.js";

/** Rows of NDJSON, `size` at a time, each with its line; a line that is no JSON is given as it stands. */
export async function* rowsOfLines(input: Readable, size: number): AsyncIterable<GivenRow[]> {
  let rows: GivenRow[] = [];
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++;
    if (text.trim() === "") continue;
    rows.push({ ...rowOfText(text), origin: { line } });
    if (rows.length < size) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** The row that a text holds as JSON, or the text and why it is none. */
export function rowOfText(text: string): GivenRow {
  try {
    return { row: { json: JSON.parse(text) as unknown } };
  } catch (error) {
    return { row: { text }, reason: `It is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * Rows of a Parquet, CSV or NDJSON file (`.gz` too), `size` at a time. CSV's values are taken as they are written, an
 * empty one as null. Throws `missing` when the file is not there, `usage` when its ending is not known.
 */
export async function* rowsOfFile(root: string, file: string, size: number): AsyncIterable<GivenRow[]> {
  if (!existsSync(file)) throw new SkewproofError("missing", `The file ${file} is not there.`);
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(file)) {
    const input = createReadStream(file);
    yield* rowsOfLines(file.toLowerCase().endsWith(".gz") ? input.pipe(createGunzip()) : input, size);
    return;
  }
  const isText = /\.(csv|tsv)(\.gz|\.zst)?$/i.test(file);
  if (!isText && !/\.parquet$/i.test(file))
    throw new SkewproofError("usage", `${file} cannot be pushed; rows come from .parquet, .csv, .tsv, .ndjson or .jsonl.`);
  await using session = await openDuckdb({ root, folders: [path.dirname(file)] });
  const relation = isText ? `read_csv(${stringLiteral(file)}, all_varchar = true)` : fileRelation(file);
  const columns = await session.describe(`SELECT * FROM ${relation}`);
  let rows: GivenRow[] = [];
  for await (const chunk of session.stream(`SELECT * FROM ${relation}`))
    for (const values of chunk) {
      const json = Object.fromEntries(columns.map(({ name, type }, index) => [name, toJsonValue(values[index] ?? null, type)]));
      rows.push({ row: { json } });
      if (rows.length < size) continue;
      yield rows;
      rows = [];
    }
  if (rows.length > 0) yield rows;
}
