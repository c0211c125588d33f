import path from "node:path";

import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { toJsonValue } from "../../values/json-value.js";
import type { LogFile } from "../log-files.js";
import { idText } from "../row-text.js";
import { segmentRows } from "../stream-sql.js";

interface Ids {
  readonly rows: readonly { readonly id: string; readonly position: bigint }[];
  /** Microseconds: the last moment at which any row was taken in. */
  readonly receivedAt: bigint;
}

/** The event ids of all rows in segments, some at a time. */
export async function* eachSegmentId(
  root: string,
  folder: string,
  segments: readonly LogFile[],
  eventId: string | undefined,
): AsyncIterable<Ids> {
  const files = segments.filter(({ kind }) => kind === "segment").map(({ name }) => path.join(folder, name));
  if (files.length === 0) return;
  await using session = await openDuckdb({ root });
  const [[last] = []] = await session.rows(`SELECT max(_received_at) FROM ${segmentRows(files.slice(-1))}`);
  const receivedAt = typeof last === "bigint" ? last : 0n;
  const relation = segmentRows(files);
  const column = (await session.describe(`SELECT * FROM ${relation}`)).find(({ name }) => name === eventId);
  yield { rows: [], receivedAt };
  if (column === undefined) return;
  const id = identifier(column.name);
  for await (const rows of session.stream(`SELECT ${id}, _position FROM ${relation} WHERE ${id} IS NOT NULL`))
    yield {
      rows: rows.map(([value = null, position]) => ({
        id: idText(toJsonValue(value, column.type)),
        position: typeof position === "bigint" ? position : 0n,
      })),
      receivedAt,
    };
}
