import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";

import {
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import { DataType, DateUnit, RecordBatchReader, TimeUnit, Vector, Field, type Data } from "apache-arrow";

import { SkewproofError } from "../../errors.js";
import { toDuckdbType } from "../duckdb-type.js";
import { stagedArrowFile } from "../source-relation.js";
import { identifier, stringLiteral } from "../sql.js";
import { floorDivide } from "../../values/timestamp-text.js";
import type { ValueType } from "../../values/value-type.js";
import { openDuckdb, type DuckdbSession } from "./duckdb-session.js";

/**
 * Copies Arrow IPC files (a path or a glob, relative to the root or absolute) to the Parquet file that
 * `stagedArrowFile` names, unless that is newer. DuckDB reads no Arrow. Throws `missing`, `corrupt`, or `usage` for a
 * type we have none for.
 */
export async function stageArrow(root: string, pattern: string): Promise<void> {
  const files = globSync(pattern, { cwd: root })
    .map((file) => path.resolve(root, file))
    .sort();
  if (files.length === 0)
    throw new SkewproofError(
      "missing",
      `No file matches ${pattern}. Check the path; relative paths are resolved from the project's folder.`,
    );
  const staged = path.join(root, stagedArrowFile(pattern));
  const newest = Math.max(...files.map((file) => statSync(file).mtimeMs));
  if (existsSync(staged) && statSync(staged).mtimeMs > newest) return;
  mkdirSync(path.dirname(staged), { recursive: true });
  const temporary = `${staged}.${process.pid}.tmp`;
  try {
    await using session = await openDuckdb({ root });
    for (const file of files) await append(session, file);
    await session.run(`COPY _arrow TO ${stringLiteral(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
    renameSync(temporary, staged);
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function append(session: DuckdbSession, file: string): Promise<void> {
  const handle = await open(file);
  try {
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    const { fields } = reader.schema;
    const types = fields.map((field) => typeOf(field, file));
    const columns = fields.map(({ name }, index) => `${identifier(name)} ${toDuckdbType(types[index] ?? { kind: "null" })}`);
    await session.run(`CREATE TEMP TABLE IF NOT EXISTS _arrow (${columns.join(", ")})`);
    const appender = await session.connection.createAppender("_arrow");
    const duckdbTypes = appender.columnCount === fields.length ? fields.map((_, index) => appender.columnType(index)) : undefined;
    if (duckdbTypes === undefined) throw new SkewproofError("usage", `${file} has other columns than the files before it.`);
    for await (const batch of reader) {
      const data = fields.map((_, index) => batch.getChildAt(index)?.data[0]);
      for (let start = 0; start < batch.numRows; start += rowsOfChunk)
        appender.appendDataChunk(chunkOf(duckdbTypes, types, data, start, Math.min(rowsOfChunk, batch.numRows - start)));
    }
    appender.closeSync();
  } catch (error) {
    if (error instanceof SkewproofError) throw error;
    throw new SkewproofError(
      "corrupt",
      `${file} is no Arrow IPC file that can be read: ${error instanceof Error ? error.message : String(error)}. Restore or rewrite it.`,
      { cause: error },
    );
  } finally {
    await handle.close();
  }
}

const rowsOfChunk = 2048;

function chunkOf(
  duckdbTypes: readonly DuckDBType[],
  types: readonly ValueType[],
  data: readonly (Data | undefined)[],
  start: number,
  count: number,
): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(duckdbTypes, count);
  for (const [index, type] of types.entries()) {
    const column = data[index];
    const values: DuckDBValue[] = [];
    for (let row = start; row < start + count; row++) values.push(column === undefined ? null : valueAt(column, type, row));
    chunk.setColumnValues(index, values);
  }
  return chunk;
}

/** Our type of an Arrow field; `usage` for a type we have none for. */
function typeOf({ name, type }: Field, file: string): ValueType {
  if (DataType.isDictionary(type)) return typeOf(new Field(name, type.dictionary as DataType), file);
  if (DataType.isBool(type)) return { kind: "bool" };
  if (DataType.isInt(type)) return { kind: "int64" };
  if (DataType.isFloat(type)) return { kind: "float64" };
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return { kind: "string" };
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return { kind: "bytes" };
  if (DataType.isTimestamp(type)) return { kind: "timestamp" };
  if (DataType.isDate(type)) return { kind: "date" };
  if (DataType.isDecimal(type)) return { kind: "decimal", precision: type.precision, scale: type.scale };
  if (DataType.isNull(type)) return { kind: "string" };
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) {
    const [child] = type.children;
    if (child !== undefined) return { kind: "list", element: typeOf(child, file) };
  }
  throw new SkewproofError(
    "usage",
    `The column ${name} of ${file} is ${String(type)}, for which there is no type here. Leave it out, or cast it where the file is written.`,
  );
}

function valueAt(data: Data, type: ValueType, row: number): DuckDBValue {
  if (DataType.isNull(data.type) || !data.getValid(row)) return null;
  // A list has no values of its own.
  const values = (data as { values?: ArrayLike<unknown> }).values ?? [];
  const raw = values[row] as bigint | number;
  const arrow = data.type;
  switch (type.kind) {
    case "int64":
      return BigInt(raw);
    case "timestamp":
      return new DuckDBTimestampValue(microseconds(BigInt(raw), DataType.isTimestamp(arrow) ? arrow.unit : TimeUnit.MICROSECOND));
    case "date":
      return new DuckDBDateValue(
        DataType.isDate(arrow) && arrow.unit === DateUnit.DAY ? Number(raw) : Math.floor(Number(raw) / 86_400_000),
      );
    case "decimal": {
      const words = (values as Uint32Array).subarray(row * 4, row * 4 + 4);
      const unscaled = words.reduceRight((high, word) => (high << 32n) | BigInt(word), 0n);
      return new DuckDBDecimalValue(BigInt.asIntN(128, unscaled), type.precision, type.scale);
    }
    case "list": {
      const [child] = data.children;
      const width = DataType.isFixedSizeList(arrow) ? arrow.listSize : undefined;
      const offsets = data.valueOffsets as Int32Array;
      const [from, to] = width === undefined ? [offsets[row] ?? 0, offsets[row + 1] ?? 0] : [row * width, (row + 1) * width];
      const items: DuckDBValue[] = [];
      for (let index = from; index < to; index++) items.push(child === undefined ? null : valueAt(child, type.element, index));
      return new DuckDBListValue(items);
    }
    default:
      // Booleans, floats, texts and bytes, encoded by a dictionary or not.
      return new Vector([data]).get(row) as DuckDBValue;
  }
}

function microseconds(value: bigint, unit: TimeUnit): bigint {
  switch (unit) {
    case TimeUnit.SECOND:
      return value * 1_000_000n;
    case TimeUnit.MILLISECOND:
      return value * 1000n;
    case TimeUnit.MICROSECOND:
      return value;
    case TimeUnit.NANOSECOND:
      return floorDivide(value, 1000n);
  }
}
