import { columnsUsed } from "../expressions/columns-used.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import type { OnDemandView, RowFeature, ServiceFeature, WindowFeature } from "../registry/bound-project.js";
import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";

const folded = new Set(["sum", "avg", "stddev", "variance"]);

/**
 * Whether a served value equals its recomputation (contracts §3.7): exact, but for floating sums and what is computed
 * from them, which may differ by 1e-9 of their size (at least of 1), and transcendental functions, by 4 ulp.
 */
export function servedEquals({ feature, view }: ServiceFeature): (served: Value, recomputed: Value) => boolean {
  const tolerance = toleranceOf(feature, view);
  return (served, recomputed) => {
    if (compareValues(served, recomputed) === 0) return true;
    if (typeof served !== "number" || typeof recomputed !== "number") return false;
    return (
      Math.abs(served - recomputed) <= tolerance * Math.max(Math.abs(served), Math.abs(recomputed), tolerance === 1e-9 ? 1 : 0)
    );
  };
}

function toleranceOf(feature: RowFeature | WindowFeature, view: ServiceFeature["view"]): number {
  if (feature.kind === "window") return folded.has(feature.aggregate.function) ? 1e-9 : 0;
  if (view.kind === "on_demand_view" && readsFolded(feature, view)) return 1e-9;
  return isTranscendental(feature.expression) ? 4 * Number.EPSILON : 0;
}

function readsFolded(feature: RowFeature, view: OnDemandView): boolean {
  const used = columnsUsed(feature.expression);
  return view.inputs.some((input) =>
    input.features.some((one) => one.kind === "window" && folded.has(one.aggregate.function) && used.has(one.name)),
  );
}

function isTranscendental(tree: TypedExpression): boolean {
  switch (tree.node) {
    case "call":
      return ["ln", "log10", "exp", "pow", "sqrt"].includes(tree.operation) || tree.arguments.some(isTranscendental);
    case "cast":
      return isTranscendental(tree.operand);
    case "case":
      return [
        ...tree.branches.flatMap(({ when, then }) => [when, then]),
        ...(tree.otherwise === undefined ? [] : [tree.otherwise]),
      ].some(isTranscendental);
    default:
      return false;
  }
}
