import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import {
  Bool,
  Binary,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int64,
  List,
  makeData,
  Null,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from "apache-arrow";

import { SkewproofError } from "../../errors.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Value } from "../../values/value.js";
import type { Column, ValueType } from "../../values/value-type.js";
import { toDuckdbType } from "../duckdb-type.js";
import { identifier } from "../sql.js";
import type { DuckdbSession } from "./duckdb-session.js";

const rowsOfBatch = 65_536;

/** Writes a relation's rows, in order, as an Arrow IPC file; batch by batch, so that memory does not grow with the rows. */
export async function writeArrow(
  session: DuckdbSession,
  relation: string,
  columns: readonly Column[],
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  const schema = new Schema(columns.map(({ name, type }) => new Field(name, arrowType(type, name), true)));
  // Narrow integers and floats come as the types that we have for them.
  const values = columns.map(({ name, type }) =>
    type.kind === "bytes" ? identifier(name) : `CAST(${identifier(name)} AS ${toDuckdbType(type)})`,
  );
  const sql = `SELECT ${values.join(", ")} FROM ${relation}`;
  const writer = new RecordBatchFileWriter();
  const output = createWriteStream(file);
  const writing = pipeline(Readable.from(writer), output);
  const send = async (rows: readonly (readonly Value[])[]): Promise<void> => {
    writer.write(batchOf(schema, columns, rows));
    while (output.writableNeedDrain) await once(output, "drain");
  };
  try {
    let rows: Value[][] = [];
    let sent = false;
    for await (const chunk of session.stream(sql, signal)) {
      rows.push(...chunk);
      if (rows.length < rowsOfBatch) continue;
      await send(rows);
      [rows, sent] = [[], true];
    }
    if (rows.length > 0 || !sent) await send(rows);
  } finally {
    writer.close();
  }
  await writing;
}

function batchOf(schema: Schema, columns: readonly Column[], rows: readonly (readonly Value[])[]): RecordBatch {
  const children = columns.map(({ type }, index) =>
    dataOf(
      type,
      (schema.fields[index]?.type as DataType | undefined) ?? new Null(),
      rows.map((row) => row[index] ?? null),
    ),
  );
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }));
}

function arrowType(type: ValueType, column: string): DataType {
  switch (type.kind) {
    case "bool":
      return new Bool();
    case "int64":
      return new Int64();
    case "float64":
      return new Float64();
    case "decimal":
      return new Decimal(type.scale, type.precision, 128);
    case "string":
      return new Utf8();
    case "timestamp":
      return new TimestampMicrosecond("UTC");
    case "date":
      return new DateDay();
    case "bytes":
      return new Binary();
    case "null":
    case "interval":
      break;
    case "list":
      if (["bool", "int64", "float64", "string"].includes(type.element.kind))
        return new List(new Field("item", arrowType(type.element, column), true));
  }
  throw new SkewproofError(
    "usage",
    `The column ${column} is ${printValueType(type)}, which is not written as Arrow; write .parquet instead.`,
  );
}

/** Fixed-width values are laid out here: the library's own builders take times as float milliseconds, which are not exact. */
function dataOf(type: ValueType, arrow: DataType, values: readonly Value[]): Data {
  const length = values.length;
  const fixed = (data: unknown): Data => {
    const nullBitmap = new Uint8Array(Math.ceil(length / 64) * 8);
    let nullCount = 0;
    for (const [row, value] of values.entries())
      if (value === null) nullCount++;
      else nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) | (1 << (row & 7));
    return makeData({ type: arrow, length, nullCount, nullBitmap, data } as never);
  };
  switch (type.kind) {
    case "int64":
    case "timestamp":
      return fixed(BigInt64Array.from(values, (value) => (value ?? 0n) as bigint));
    case "float64":
      return fixed(Float64Array.from(values, (value) => (value ?? 0) as number));
    case "date":
      return fixed(Int32Array.from(values, (value) => (value ?? 0) as number));
    case "decimal": {
      const words = new Uint32Array(length * 4);
      for (const [row, value] of values.entries())
        for (let word = 0, rest = (value ?? 0n) as bigint; word < 4; word++, rest >>= 32n)
          words[row * 4 + word] = Number(BigInt.asUintN(32, rest));
      return fixed(words);
    }
    default: {
      const [data] = vectorFromArray(values as readonly unknown[], arrow as never).data;
      if (data === undefined) throw new Error("a vector has data");
      return data;
    }
  }
}
