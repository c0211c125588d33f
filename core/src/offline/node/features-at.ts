import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import type { FeatureService } from "../../registry/bound-project.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import type { Row, Value } from "../../values/value.js";
import { toDuckdbType } from "../duckdb-type.js";
import { identifier } from "../sql.js";
import { openDuckdb } from "./duckdb-session.js";
import { pointInTimeRows } from "./point-in-time-rows.js";

/** The service's features of one entity as training would see them at `t` (microseconds), in the service's order. */
export async function featuresAt(
  { root }: LoadedProject,
  service: FeatureService,
  given: { readonly entities: Row; readonly request: Row },
  t: bigint,
): Promise<Value[]> {
  await using session = await openDuckdb({ root });
  const columns = [...service.keys, ...service.request];
  const values = columns.map(
    ({ name, type }) =>
      `CAST(${literalToDuckdb(given.entities[name] ?? given.request[name] ?? null, type)} AS ${toDuckdbType(type)}) AS ${identifier(name)}`,
  );
  const labelColumns = [...columns, { name: "_at", type: { kind: "timestamp" } as const }];
  const labels = `(SELECT ${[...values, `${literalToDuckdb(t, { kind: "timestamp" })} AS _at`].join(", ")})`;
  const [row = []] = await pointInTimeRows(session, { service, labelColumns, time: "_at" }, labels);
  return row.slice(labelColumns.length);
}
