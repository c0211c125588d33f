import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { streamView } from "../../offline/source-relation.js";
import { identifier } from "../../offline/sql.js";
import type { Source } from "../../registry/bound-project.js";
import type { Value } from "../../values/value.js";
import { readStreams } from "./read-streams.js";

/** A row of the log: its values stand in the order of the source's `columns`, the last two being `_position` and `_received_at`. */
export interface StreamRow {
  readonly position: bigint;
  readonly values: readonly Value[];
}

/** The rows of a stream's log after a position, in their order, about 2,000 at a time, as the log stands at the call. */
export async function* unappliedRows(root: string, source: Source, after: bigint): AsyncIterable<readonly StreamRow[]> {
  const columns = source.columns ?? [];
  const place = columns.findIndex(({ name }) => name === "_position");
  await using session = await openDuckdb({ root });
  await readStreams(session, [source], after);
  const names = columns.map(({ name }) => identifier(name)).join(", ");
  const sql = `SELECT ${names} FROM ${streamView(source.name)} WHERE _position > ${after} ORDER BY _position`;
  for await (const rows of session.stream(sql))
    yield rows.flatMap((values) => {
      const position = values[place];
      return typeof position === "bigint" ? [{ position, values }] : [];
    });
}
