import { isSkewproofError } from "../../errors.js";
import { openDuckdb, type DuckdbSession } from "../../offline/node/duckdb-session.js";
import { stageArrow } from "../../offline/node/read-arrow.js";
import { isArrowFile, sourceRelation } from "../../offline/source-relation.js";
import { identifier } from "../../offline/sql.js";
import type { Column } from "../../values/value-type.js";
import type { SourceFacts } from "../source-facts.js";
import { dataSize } from "./data-identity.js";
import type { Wanted } from "./read-sources.js";

/** What the data at each place has, or the sentence that says why it cannot be read. */
export async function lookAtData(root: string, places: readonly Wanted[]): Promise<ReadonlyMap<string, SourceFacts | string>> {
  const found = new Map<string, SourceFacts | string>();
  await using session = await openDuckdb({ root });
  for (const place of places) {
    try {
      const { location } = place;
      if (location.kind === "path" && isArrowFile(location.path)) await stageArrow(root, location.path);
      const columns = await session.describe(`SELECT * FROM ${sourceRelation(place.location)}`);
      found.set(place.name, { columns, ...(await readTimes(session, root, place, columns)) });
    } catch (error) {
      if (!isSkewproofError(error)) throw error;
      found.set(place.name, error.message);
    }
  }
  return found;
}

/** Bytes of data that may be read through for the first and last event time; Parquet tells them without that. */
const smallEnough = 64e6;

async function readTimes(
  session: DuckdbSession,
  root: string,
  place: Wanted,
  columns: readonly Column[],
): Promise<Omit<SourceFacts, "columns">> {
  const isTime = ({ type }: Column): boolean => type.kind === "timestamp" || type.kind === "date";
  const time = columns.find((column) => column.name === place.eventTime && isTime(column));
  const isParquet = place.location.kind === "path" && /\.parquet$/i.test(place.location.path);
  if (time === undefined || (!isParquet && dataSize(root, place.location) > smallEnough)) return {};
  const relation = sourceRelation(place.location);
  const micros = (sql: string): string => `epoch_us(CAST(${sql} AS TIMESTAMP))`;
  const event = identifier(time.name);
  try {
    const [[from, to] = []] = await session.rows(
      `SELECT ${micros(`min(${event})`)}, ${micros(`max(${event})`)} FROM ${relation}`,
    );
    const others = place.knownAt === undefined ? columns.filter((column) => isTime(column) && column !== time) : [];
    const later =
      others.length === 0
        ? {}
        : {
            later: await sharesLater(
              session,
              `(SELECT * FROM ${relation} LIMIT 100000)`,
              event,
              others.map(({ name }) => name),
            ),
          };
    return typeof from === "bigint" && typeof to === "bigint" ? { history: { from, to }, ...later } : later;
  } catch (error) {
    // Infinite times and the like: what is not known is not judged.
    if (!isSkewproofError(error)) throw error;
    return {};
  }
}

async function sharesLater(
  session: DuckdbSession,
  relation: string,
  event: string,
  names: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const shares = names.map((name) => `count(*) FILTER (${identifier(name)} > ${event}) / greatest(count(*), 1)`);
  const [row = []] = await session.rows(`SELECT ${shares.join(", ")} FROM ${relation}`);
  return Object.fromEntries(names.map((name, index) => [name, Number(row[index] ?? 0)]));
}
