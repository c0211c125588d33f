import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import { identifier, stringLiteral } from "../../offline/sql.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Value } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";
import type { CategoricalProfile, ColumnProfile, NumericProfile, Profile } from "../profile.js";

/** Deciles come from about this many rows, the same ones each time; all else from every row. */
const sampledRows = 100_000;
const deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const mostValues = 20;

/**
 * Profiles a relation (SQL after FROM). With `reference`, columns of the same name are counted by its frozen bins and
 * listed values. Lists and bytes get their counts alone.
 */
export async function profileRelation(
  session: DuckdbSession,
  relation: string,
  columns: readonly Column[],
  reference?: Profile,
  signal?: AbortSignal,
): Promise<Profile> {
  const numeric = columns.filter(({ type }) => ["int64", "float64", "decimal", "timestamp", "date"].includes(type.kind));
  const categorical = columns.filter(({ type }) => type.kind === "bool" || type.kind === "string");
  const counts = await one(session, relation, ["count(*)", ...columns.map(({ name }) => `count(${identifier(name)})`)], signal);
  const rows = Number(counts[0]);
  const every = Math.ceil(rows / sampledRows);
  const isSampled = `hash(${columns.map(({ name }) => identifier(name)).join(", ")}) % ${every} = 0`;
  const sample = every < 2 ? relation : `(SELECT * FROM ${relation} WHERE ${isSampled})`;
  const numbers = await numericProfiles(session, relation, numeric, sample, reference, signal);
  const categories = new Map<string, CategoricalProfile>();
  for (const column of categorical)
    categories.set(column.name, await categoricalProfile(session, relation, column.name, reference, signal));
  return {
    version: 1,
    rows,
    columns: columns.map(({ name, type }, index): ColumnProfile => {
      const count = Number(counts[index + 1]);
      const [number, category] = [numbers.get(name), categories.get(name)];
      return {
        name,
        type: printValueType(type),
        count,
        nulls: rows - count,
        ...(number && { numeric: number }),
        ...(category && { categorical: category }),
      };
    }),
  };
}

async function one(
  session: DuckdbSession,
  relation: string,
  expressions: readonly string[],
  signal?: AbortSignal,
): Promise<Value[]> {
  const [row = []] = await session.rows(`SELECT ${expressions.join(", ")} FROM ${relation}`, signal);
  return row;
}

function asNumber({ name, type }: Column): string {
  const column = identifier(name);
  if (type.kind === "timestamp" || type.kind === "date") return `epoch(CAST(${column} AS TIMESTAMP))`;
  return `(CASE WHEN isfinite(CAST(${column} AS DOUBLE)) THEN CAST(${column} AS DOUBLE) END)`;
}

async function numericProfiles(
  session: DuckdbSession,
  relation: string,
  columns: readonly Column[],
  sample: string,
  reference: Profile | undefined,
  signal?: AbortSignal,
): Promise<Map<string, NumericProfile>> {
  const profiles = new Map<string, NumericProfile>();
  if (columns.length === 0) return profiles;
  const edges = await edgesOf(session, columns, sample, reference, signal);
  const width = 5;
  const found = await one(
    session,
    relation,
    columns.flatMap((column, index) => {
      const x = asNumber(column);
      const list = (edges[index] ?? []).map((edge) => literalToDuckdb(edge, { kind: "float64" }));
      // Upper edges belong to their bin; what is above the last comes in one bin more, absent where there is nothing.
      const bins = `map_values(histogram(${x}, CAST([${list.join(", ")}] AS DOUBLE[])))`;
      // Beyond 1e150 squares are no floats, which DuckDB refuses with an error.
      const squared = `CASE WHEN abs(${x}) <= 1e150 THEN ${x} END`;
      return [`min(${x})`, `max(${x})`, `avg(${x})`, `CASE WHEN max(abs(${x})) <= 1e150 THEN stddev_samp(${squared}) END`, bins];
    }),
    signal,
  );
  for (const [index, { name }] of columns.entries()) {
    const number = (offset: number): number | null => {
      const value = found[index * width + offset];
      return typeof value === "number" && Number.isFinite(value) ? value : null;
    };
    // Sums of floats depend on the order in which threads meet the rows, in digits beyond these.
    const rounded = (offset: number): number | null => {
      const value = number(offset);
      return value === null ? null : Number(value.toPrecision(12));
    };
    const known = edges[index] ?? [];
    const bins = found[index * width + 4];
    const counted = Array.isArray(bins) ? bins.map(Number) : [];
    const counts = Array.from({ length: known.length + 1 }, (_, bin) => counted[bin] ?? 0);
    profiles.set(name, { min: number(0), max: number(1), mean: rounded(2), stddev: rounded(3), edges: known, counts });
  }
  return profiles;
}

/** Upper edges of the bins by column: the reference's frozen ones, else the sample's deciles. */
async function edgesOf(
  session: DuckdbSession,
  columns: readonly Column[],
  sample: string,
  reference: Profile | undefined,
  signal?: AbortSignal,
): Promise<(readonly number[])[]> {
  const frozen = columns.map(({ name }) => reference?.columns.find((column) => column.name === name)?.numeric?.edges);
  const open = columns.filter((_, index) => frozen[index] === undefined);
  const quantiles =
    open.length === 0
      ? []
      : await one(
          session,
          sample,
          open.map((column) => `quantile_cont(${asNumber(column)}, [${deciles.join(", ")}])`),
          signal,
        );
  return columns.map((column, index) => {
    const found = frozen[index] ?? quantiles[open.indexOf(column)];
    const finite = Array.isArray(found) ? (found as readonly Value[]).filter((value) => typeof value === "number") : [];
    return [...new Set(finite)].sort((x, y) => x - y);
  });
}

async function categoricalProfile(
  session: DuckdbSession,
  relation: string,
  name: string,
  reference: Profile | undefined,
  signal?: AbortSignal,
): Promise<CategoricalProfile> {
  const column = `CAST(${identifier(name)} AS VARCHAR)`;
  const frozen = reference?.columns.find((one) => one.name === name)?.categorical?.values.map(({ value }) => value);
  const chosen =
    frozen === undefined ? "" : frozen.length === 0 ? "AND false" : `AND ${column} IN (${frozen.map(stringLiteral).join(", ")})`;
  const found = await session.rows(
    `SELECT ${column} AS value, count(*) AS n FROM ${relation} WHERE ${column} IS NOT NULL ${chosen} GROUP BY value ORDER BY n DESC, value LIMIT ${frozen === undefined ? mostValues : frozen.length}`,
    signal,
  );
  const [total = 0n, distinct = 0n] = await one(session, relation, [`count(${column})`, `count(DISTINCT ${column})`], signal);
  const counts = new Map(found.map(([value, count]) => [typeof value === "string" ? value : "", Number(count)]));
  const values = (frozen ?? [...counts.keys()]).map((value) => ({ value, count: counts.get(value) ?? 0 }));
  return { values, other: Number(total) - values.reduce((sum, { count }) => sum + count, 0), distinct: Number(distinct) };
}
