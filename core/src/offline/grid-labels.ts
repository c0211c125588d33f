import { SkewproofError } from "../errors.js";
import type { PointInTime } from "./point-in-time-request.js";
import { identifier } from "./sql.js";
import { sourceRows } from "./view-rows.js";

export interface Grid {
  /** Microseconds: the first moment, the last (itself a step where it falls on one), and the step. */
  readonly from: bigint;
  readonly to: bigint;
  readonly every: bigint;
}

/**
 * SQL of labels for every key known by then, at each step, ordered by moment and key. A key is known from the moment its
 * first row is visible. Throws `usage` where the service's views have different keys: no one list of keys exists then.
 */
export function gridLabels({ service, views }: Pick<PointInTime, "service" | "views">, time: string, grid: Grid): string {
  const names = service.keys.map(({ name }) => identifier(name));
  const complete = views.map(({ view }) => view).filter((view) => view.keys.length > 0);
  const other = complete.find((view) => view.keys.length !== names.length);
  if (other !== undefined || complete.length === 0)
    throw new SkewproofError(
      "usage",
      `The keys of ${service.name} (${service.keys.map(({ name }) => name).join(", ")}) do not all come from each of its views: ${other?.name ?? "none"} has others. Give the keys and moments as a labels file.`,
    );
  const seen = complete.map((view) => {
    const renamed = service.keys.map(({ name }) => `_k${view.keys.findIndex(({ key }) => key === name)} AS ${identifier(name)}`);
    return `SELECT ${renamed.join(", ")}, _v FROM (${sourceRows(view, [])})`;
  });
  const moment = (micros: bigint): string => `make_timestamp(${micros})`;
  return [
    `SELECT ${names.join(", ")}, t AS ${identifier(time)}`,
    `FROM (SELECT ${names.join(", ")}, min(_v) AS _first FROM (${seen.join(" UNION ALL ")}) GROUP BY ${names.join(", ")})`,
    `JOIN (SELECT unnest(generate_series(${moment(grid.from)}, ${moment(grid.to)}, to_microseconds(${grid.every}))) AS t) ON _first <= t`,
    `ORDER BY t, ${names.join(", ")}`,
  ].join("\n");
}
