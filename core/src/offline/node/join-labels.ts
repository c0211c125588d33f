import path from "node:path";

import { printDuration } from "../../values/duration.js";
import type { Column } from "../../values/value-type.js";
import { toDuckdbType } from "../duckdb-type.js";
import { stagedLabels } from "../labels.js";
import { isAsof, tiesSql } from "../latest-rows.js";
import { noFacts, pointInTimeQuery, relevantRange, type PlanFacts, type PointInTimeQuery } from "../point-in-time-query.js";
import type { PointInTime } from "../point-in-time-request.js";
import { identifier, stringLiteral } from "../sql.js";
import { macros } from "../visible-at.js";
import { canUseFrames, hotKeysSql } from "../windows.js";
import type { DuckdbSession } from "./duckdb-session.js";

export interface JoinOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
  /** Labels joined at a time; what one part needs bounds the memory. */
  readonly rowsOfPart?: number;
  /** Answers that were found before, of sources that are still the same. */
  readonly knownTies?: KnownTies;
}

export interface KnownTies {
  get(source: string, sql: string): number | undefined;
  add(source: string, sql: string, ties: number): void;
}

export interface Joined {
  readonly rows: number;
  /** Microseconds: the labels' first and last moment. */
  readonly from: bigint | null;
  readonly to: bigint | null;
  readonly query: PointInTimeQuery;
  /** The most bytes that stood on disk because memory was full. */
  readonly spilled: number;
}

/** Parquet as training sets are written: columns of numbers gain nothing from a dictionary, and building one costs the most. */
export const parquetFormat = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000";

/** Takes the labels into the session as `_staged`. */
export async function stageLabels(
  session: DuckdbSession,
  relation: string,
  columns: readonly Column[],
  time: string,
  signal?: AbortSignal,
): Promise<void> {
  await session.run(macros);
  await session.run(`CREATE TEMP TABLE _staged AS ${stagedLabels(relation, columns, time)}`, signal);
  // JSON's reader makes huge integers of numbers of both signs, and Parquet would round those to floats.
  const huge = await session.rows("SELECT column_name FROM (DESCRIBE _staged) WHERE column_type = 'HUGEINT'");
  for (const [name] of huge)
    if (typeof name === "string") await session.run(`ALTER TABLE _staged ALTER COLUMN ${identifier(name)} TYPE BIGINT`, signal);
}

/**
 * Joins the staged labels with their features and writes them, in order, as one Parquet file. Throws when what was
 * written is not exactly the labels and their features: a label row lost, doubled or moved.
 */
export async function joinLabels(
  session: DuckdbSession,
  request: PointInTime,
  out: string,
  options: JoinOptions,
): Promise<Joined> {
  const { signal, progress = () => undefined, rowsOfPart = 2_000_000 } = options;
  const [[count = 0n, from = null, to = null] = []] = await session.rows(
    "SELECT count(*), epoch_us(min(_t)), epoch_us(max(_t)) FROM _staged",
    signal,
  );
  const rows = Number(count);
  // The query's columns are int64.
  const moments = { from: from as bigint | null, to: to as bigint | null };
  await session.run("CREATE OR REPLACE TEMP VIEW _labels AS SELECT * FROM _staged");
  const facts = await lookAt(session, request, moments, options);
  const query = pointInTimeQuery(request, facts);

  const parts = Math.max(1, Math.ceil(rows / rowsOfPart));
  const statements = query.setup.length + 1;
  const started = performance.now();
  let [completed, spilled] = [0, 0];
  const tell = (what: string): void => {
    spilled = Math.max(spilled, session.spilled());
    const share = (completed + session.done()) / (parts * statements);
    const seconds = (performance.now() - started) / 1000;
    const left =
      share > 0.02 && seconds > 3
        ? `, about ${printDuration(BigInt(Math.ceil((seconds * (1 - share)) / share)) * 1_000_000n)} left`
        : "";
    progress(`${what}: ${Math.floor(rows * share).toLocaleString("en-US")} of ${rows.toLocaleString("en-US")} rows${left}`);
  };
  const run = async (what: string, sql: string): Promise<void> => {
    const ticking = setInterval(() => tell(what), 500);
    try {
      await session.run(sql, signal);
    } finally {
      clearInterval(ticking);
      spilled = Math.max(spilled, session.spilled());
    }
    completed++;
  };
  const files = Array.from({ length: parts }, (_, part) => (parts === 1 ? out : `${out}.${part}`));
  for (const [part, file] of files.entries()) {
    if (parts > 1)
      await session.run(
        `CREATE OR REPLACE TEMP VIEW _labels AS SELECT * FROM _staged WHERE _row >= ${part * rowsOfPart} AND _row < ${(part + 1) * rowsOfPart}`,
      );
    for (const { view, sql } of query.setup) await run(`Joining ${view}`, sql);
    await run("Writing", `COPY (${query.sql}) TO ${stringLiteral(file)} (${parquetFormat})`);
  }
  if (parts > 1) {
    progress("Putting the parts together");
    const all = files.map(stringLiteral).join(", ");
    await session.run(`COPY (SELECT * FROM read_parquet([${all}])) TO ${stringLiteral(out)} (${parquetFormat})`, signal);
  }
  await requireSameLabels(session, request.labelColumns, out, signal);
  return { rows, ...moments, query, spilled };
}

/** Looks at labels and sources as far as the shape of the plan depends on them. */
async function lookAt(
  session: DuckdbSession,
  request: PointInTime,
  { from, to }: { readonly from: bigint | null; readonly to: bigint | null },
  options: JoinOptions,
): Promise<PlanFacts> {
  const { signal, progress = () => undefined } = options;
  const facts: PlanFacts = {
    ...noFacts,
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
  const ties = new Map<string, number>();
  const hotKeys = new Map<string, number>();
  for (const needed of request.views) {
    const { view } = needed;
    const range = relevantRange(needed, facts);
    progress(`Looking at ${view.source.name} for ${view.name}`);
    if (isAsof(view)) {
      const sql = tiesSql(view);
      const found = options.knownTies?.get(view.source.name, sql);
      const [[tied = 0n] = []] = found === undefined ? await session.rows(sql, signal) : [[found]];
      options.knownTies?.add(view.source.name, sql, Number(tied));
      ties.set(view.name, Number(tied));
    } else if (view.shape === "window" && canUseFrames(needed)) {
      const [[hot = 0n] = []] = await session.rows(hotKeysSql(needed, request.labelColumns, range), signal);
      hotKeys.set(view.name, Number(hot));
    }
  }
  return { ...facts, ties, hotKeys };
}

/** The types whose values a Parquet file gives back as they were. */
const comparable = new Set(["bool", "int64", "float64", "string", "date", "timestamp", "decimal"]);

/** Compares the labels as they came with the labels as they were written, by a checksum over positions and values. */
async function requireSameLabels(
  session: DuckdbSession,
  columns: readonly Column[],
  out: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const written = await session.describe(`SELECT * FROM read_parquet(${stringLiteral(out)})`);
  const compared = columns.flatMap((column, index) => {
    const now = written[index];
    return now !== undefined && comparable.has(column.type.kind) && now.type.kind === column.type.kind ? [index] : [];
  });
  const values = compared.map((index) => `CAST(_l${index} AS ${toDuckdbType(columns[index]?.type ?? { kind: "string" })})`);
  const checksum = (position: string, relation: string): string =>
    `SELECT count(*), bit_xor(hash(${[position, ...values].join(", ")})) FROM ${relation}`;
  const [[rows, sum] = []] = await session.rows(checksum("_row", "_staged"), signal);
  const names = written.map((_, index) => (index < columns.length ? `_l${index}` : `_f${index}`));
  const file = `(SELECT * FROM read_parquet(${stringLiteral(out)}, file_row_number = true)) AS w(${[...names, "_position"].join(", ")})`;
  const [[rowsWritten, sumWritten] = []] = await session.rows(checksum("_position", file), signal);
  if (rows !== rowsWritten || sum !== sumWritten)
    throw new Error(
      `The training set's labels differ from those given (${Number(rows)} rows given, ${Number(rowsWritten)} written, in ${path.basename(out)}); nothing was published.`,
    );
}
