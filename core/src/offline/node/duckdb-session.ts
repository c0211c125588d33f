import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import path from "node:path";

import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";

import { SkewproofError } from "../../errors.js";
import { isAlive } from "../../processes/node/is-alive.js";
import type { Value } from "../../values/value.js";
import type { Column, ValueType } from "../../values/value-type.js";
import { stringLiteral } from "../sql.js";

export interface DuckdbOptions {
  /** The project's root: relative paths in SQL are resolved against it, and it may be read and written. */
  readonly root: string;
  /** Further folders that may be read and written, e.g. that of an output file. */
  readonly folders?: readonly string[];
  /** Bytes; default half of the machine's memory. */
  readonly memoryLimit?: number;
}

/**
 * One in-memory DuckDB, sandboxed to the project's folder: UTC, no extensions, no network, no other paths.
 * A session is one connection: temporary tables made by `run` are seen by later calls.
 */
export interface DuckdbSession extends AsyncDisposable {
  readonly connection: DuckDBConnection;
  /** The project's root. */
  readonly root: string;
  /** Runs statements for their effect. An aborted signal interrupts the query and throws `cancelled`. */
  run(sql: string, signal?: AbortSignal): Promise<void>;
  /** Column names and types of a query, without running it. A type we do not compute with is reported as `bytes`. */
  describe(sql: string): Promise<Column[]>;
  /** All rows of a query, as arrays in column order. For results that fit in memory. */
  rows(sql: string, signal?: AbortSignal): Promise<Value[][]>;
  /** Rows of a query, chunk by chunk (about 2,048 rows each). */
  stream(sql: string, signal?: AbortSignal): AsyncIterable<Value[][]>;
  /** Share of the statement under way that is done, 0 to 1; 0 where DuckDB cannot say. */
  done(): number;
  /** Bytes that do not fit in memory and stand on disk now. */
  spilled(): number;
}

/**
 * Opens a sandboxed in-memory DuckDB. The process's working directory becomes the project's root, since DuckDB resolves
 * the relative paths in users' SQL against it (and refuses others in the sandbox): one process serves one project. Errors of SQL and files become SkewproofErrors that keep DuckDB's words. */
export async function openDuckdb(options: DuckdbOptions): Promise<DuckdbSession> {
  const scratch = scratchFolder(path.join(options.root, ".skewproof", "tmp"));
  if (process.cwd() !== path.resolve(options.root)) process.chdir(options.root);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const folders = [options.root, ...(options.folders ?? [])].map((folder) => stringLiteral(`${path.resolve(folder)}/`));
  const settings = [
    `TimeZone = 'UTC'`,
    `threads = ${availableParallelism()}`,
    `memory_limit = '${Math.floor((options.memoryLimit ?? totalmem() / 2) / 1e6)}MB'`,
    `temp_directory = ${stringLiteral(scratch)}`,
    `enable_progress_bar = true`,
    `enable_progress_bar_print = false`,
    `autoinstall_known_extensions = false`,
    `autoload_known_extensions = false`,
    `allow_community_extensions = false`,
    `allowed_directories = [${folders.join(", ")}]`,
    `enable_external_access = false`,
    `lock_configuration = true`,
  ];
  for (const setting of settings) await connection.run(`SET ${setting}`);

  // Closing under a running query ends the process; closing waits for what is under way.
  const underWay = new Set<Promise<unknown>>();

  async function guarded<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const interrupt = (): void => {
      connection.interrupt();
    };
    signal?.addEventListener("abort", interrupt, { once: true });
    const working = work();
    underWay.add(working);
    try {
      return await working;
    } catch (error) {
      if (signal?.aborted === true) throw new SkewproofError("cancelled", "Cancelled.", { cause: error });
      throw duckdbError(error);
    } finally {
      underWay.delete(working);
      signal?.removeEventListener("abort", interrupt);
    }
  }

  async function* stream(sql: string, signal?: AbortSignal): AsyncIterable<Value[][]> {
    const result = await guarded(signal, () => connection.stream(sql));
    for (;;) {
      const chunk = await guarded(signal, () => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      const rows: Value[][] = [];
      for (let row = 0; row < chunk.rowCount; row++) rows.push(chunk.getRowValues(row).map(toValue));
      yield rows;
    }
  }

  return {
    connection,
    root: options.root,
    run: (sql, signal) =>
      guarded(signal, async () => {
        await connection.run(sql);
      }),
    describe: (sql) =>
      guarded(undefined, async () => {
        const prepared = await connection.prepare(sql);
        const columns: Column[] = [];
        for (let index = 0; index < prepared.columnCount; index++)
          columns.push({ name: prepared.columnName(index), type: fromDuckdbType(prepared.columnType(index)) });
        prepared.destroySync();
        return columns;
      }),
    async rows(sql, signal) {
      const all: Value[][] = [];
      for await (const rows of stream(sql, signal)) for (const row of rows) all.push(row);
      return all;
    },
    stream,
    done: () => Math.max(0, connection.progress.percentage) / 100,
    spilled: () =>
      existsSync(scratch)
        ? readdirSync(scratch).reduce(
            (bytes, file) => bytes + (statSync(path.join(scratch, file), { throwIfNoEntry: false })?.size ?? 0),
            0,
          )
        : 0,
    async [Symbol.asyncDispose]() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
      connection.closeSync();
      instance.closeSync();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

let sessions = 0;

/** A folder of this session's own; those of processes that ended without clearing theirs are removed. */
function scratchFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent))
    if (/^\d+-\d+$/.test(name) && !isAlive(Number(name.split("-")[0])))
      rmSync(path.join(parent, name), { recursive: true, force: true });
  const folder = path.join(parent, `${process.pid}-${++sessions}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function duckdbError(error: unknown): SkewproofError {
  const text = error instanceof Error ? error.message : String(error);
  const first = text.split("\n")[0] ?? text;
  if (/No files found|does not exist|Cannot open file/.test(text) && /IO Error/.test(text))
    return new SkewproofError("missing", `${first}. Check the path; relative paths are resolved from the project's folder.`, {
      cause: error,
    });
  if (
    /No magic bytes|Invalid Input Error.*(parquet|file)|too small to be a Parquet|TProtocolException|Snappy|zstd|ZSTD|don't know what type/i.test(
      text,
    )
  )
    return new SkewproofError(
      "corrupt",
      `${first}. The file is damaged or not of the format its name says; restore or rewrite it.`,
      {
        cause: error,
      },
    );
  if (/Permission Error/.test(text))
    return new SkewproofError("usage", `${first}. Only files inside the project's folder can be read.`, { cause: error });
  return new SkewproofError("failed", text, { cause: error });
}

/** A DuckDB value in our representation (`values/value.ts`). NaN and infinities are kept: what they become is the query's decision. */
export function toValue(value: DuckDBValue): Value {
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "string" ||
    typeof value === "bigint" ||
    typeof value === "number"
  )
    return value;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBIntervalValue) return { months: value.months, days: value.days, micros: value.micros };
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toValue);
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return value.toString();
}

/** Our type of a DuckDB type. Signed integers are int64, unsigned ones of 64 bits decimals, float is float64, unsupported types are bytes. */
export function fromDuckdbType(type: DuckDBType): ValueType {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return { kind: "bool" };
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.HUGEINT:
      // A huge integer is a sum of integers, or what JSON's reader makes of both signs; beyond int64 it is null.
      return { kind: "int64" };
    case DuckDBTypeId.UBIGINT:
      return { kind: "decimal", precision: 20, scale: 0 };
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return { kind: "float64" };
    case DuckDBTypeId.DECIMAL:
      return "width" in type ? { kind: "decimal", precision: type.width, scale: type.scale } : { kind: "bytes" };
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.ENUM:
      return { kind: "string" };
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return { kind: "timestamp" };
    case DuckDBTypeId.DATE:
      return { kind: "date" };
    case DuckDBTypeId.INTERVAL:
      return { kind: "interval" };
    case DuckDBTypeId.LIST:
      return "valueType" in type ? { kind: "list", element: fromDuckdbType(type.valueType) } : { kind: "bytes" };
    case DuckDBTypeId.ARRAY:
      return "valueType" in type && "length" in type
        ? { kind: "list", element: fromDuckdbType(type.valueType), length: type.length }
        : { kind: "bytes" };
    default:
      return { kind: "bytes" };
  }
}
