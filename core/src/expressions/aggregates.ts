import type { Aggregate } from "./aggregate.js";
import { countAggregates } from "./aggregates/counts.js";
import { momentAggregates } from "./aggregates/moments.js";
import { orderAggregates } from "./aggregates/order.js";

/** Every aggregate, by name. */
export const aggregates: ReadonlyMap<string, Aggregate> = new Map(
  [...countAggregates, ...momentAggregates, ...orderAggregates].map((aggregate) => [aggregate.name, aggregate]),
);

/** The aggregate of a typed call. */
export function aggregateOf(name: string): Aggregate {
  const aggregate = aggregates.get(name);
  if (aggregate === undefined) throw new Error(`the catalogue has no aggregate ${name}`);
  return aggregate;
}
