import { readFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { identifier, stringLiteral } from "../../offline/sql.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { featureLogColumns } from "../../serving/feature-log-columns.js";
import type { LogHeader } from "../../serving/feature-log-header.js";
import { listLog, readTailHeader, tailRelation, unreadableLines } from "../../serving/node/log-segments.js";

/** One file's rows as SQL: the columns of `featureLogColumns` (null where the file has none), `definitions`, and `_h`. */
interface LogFile {
  readonly relation: string;
  readonly rows: number;
}

/** The served log of one service. */
export interface ServedLog {
  /** What holds for the rows of a file; `_h` is an index into it. */
  readonly headers: readonly LogHeader[];
  readonly files: readonly LogFile[];
  readonly unreadable: number;
  readonly notLogged: number;
  readonly incomparable: number;
}

/** Whether anything was ever served from a service. */
export function hasServedLog(folder: string, service: string): boolean {
  const { finished, tails } = listLog(path.join(folder, service));
  return finished.length + tails.length > 0;
}

/** Opens the log of a service, finished files and tails. Throws `missing` when nothing was ever served, `corrupt` for a damaged file. */
export async function openServedLog(session: DuckdbSession, folder: string, service: FeatureService): Promise<ServedLog> {
  const target = path.join(folder, service.name);
  const { finished, tails, lost } = listLog(target);
  if (finished.length + tails.length === 0)
    throw new SkewproofError(
      "missing",
      `Nothing was served from ${service.name} yet: ${target} holds no log. Send requests to a sidecar first.`,
    );
  const headers: LogHeader[] = [];
  const texts: string[] = [];
  const files: LogFile[] = [];
  let [unreadable, incomparable] = [0, 0];

  function add(header: LogHeader, relation: string, rows: number): void {
    const names = new Set(header.columns.map(({ name }) => name));
    const needed = [...service.keys.map(({ name }) => `entity.${name}`), ...service.request.map(({ name }) => `request.${name}`)];
    if (!needed.every((name) => names.has(name))) {
      incomparable += rows;
      return;
    }
    const text = JSON.stringify(header);
    if (!texts.includes(text)) {
      texts.push(text);
      headers.push(header);
    }
    const columns = featureLogColumns(service).map(({ name, type }) => {
      const value = names.has(name)
        ? `TRY_CAST(${identifier(name)} AS ${toDuckdbType(type)})`
        : `CAST(NULL AS ${toDuckdbType(type)})`;
      return `${value} AS ${identifier(name)}`;
    });
    files.push({
      relation: `SELECT ${[...columns, "definitions", `${texts.indexOf(text)} AS _h`].join(", ")} FROM ${relation}`,
      rows,
    });
  }

  if (finished.length > 0) {
    const list = `[${finished.map(stringLiteral).join(", ")}]`;
    const found = await session.rows(
      `SELECT m.file_name, m.num_rows, decode(k.value) FROM parquet_file_metadata(${list}) AS m JOIN parquet_kv_metadata(${list}) AS k USING (file_name) WHERE decode(k.key) = 'skewproof' ORDER BY 1`,
    );
    // The query's columns: string, int64, string; the text was written by finishTail.
    for (const [file, rows, header] of found)
      add(JSON.parse(header as string) as LogHeader, `read_parquet(${stringLiteral(file as string)})`, Number(rows));
    if (found.length !== finished.length)
      throw new SkewproofError(
        "corrupt",
        `${finished.find((one) => !found.some(([file]) => file === one)) ?? target} was not written by a sidecar. Move it elsewhere.`,
      );
  }
  for (const tail of tails) {
    const header = readTailHeader(tail)?.header;
    if (header === undefined) continue;
    const counts = `SELECT (SELECT count(*) FROM ${tailRelation(tail, header)}), ${unreadableLines(tail, header)}`;
    const [[rows = 0n, damaged = 0n] = []] = await session.rows(counts);
    unreadable += Number(damaged);
    add(header, tailRelation(tail, header), Number(rows));
  }
  const notLogged = lost.reduce((sum, file) => sum + (Number.parseInt(readFileSync(file, "utf8"), 10) || 0), 0);
  return { headers, files, unreadable, notLogged, incomparable };
}
