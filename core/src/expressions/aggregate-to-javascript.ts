import type { Value } from "../values/value.js";
import { aggregateOf } from "./aggregates.js";
import { featureValue } from "./to-javascript.js";
import type { TypedAggregate } from "./typed-tree.js";

/**
 * Folds the operands of a window's rows. They come in the order event time, known_at, tie-break, operand (null lowest);
 * for `count(*)` only their number matters. Nulls are skipped; an empty window gives 0 for counts and null otherwise.
 */
export function aggregateToJavascript(aggregate: TypedAggregate): (operands: readonly Value[]) => Value {
  if (aggregate.operand === undefined) return (operands) => BigInt(operands.length);
  const { javascript, empty } = aggregateOf(aggregate.function);
  const fold = javascript(aggregate);
  return (operands) => {
    const present = operands.filter((value) => value !== null);
    return present.length === 0 ? empty : featureValue(fold(present));
  };
}
