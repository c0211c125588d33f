import { columnsUsed } from "../expressions/columns-used.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import type { OnDemandView, RowFeature, ServiceFeature, WindowFeature } from "../registry/bound-project.js";
import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";

const folded = new Set(["sum", "avg", "stddev", "variance"]);

/** Floats are equal within `relative` of the greater of both, which counts as `least` at least; everything else exactly. */
export interface Tolerance {
  readonly relative: number;
  readonly least: number;
}

/**
 * What equality of a feature's served and recomputed values means (contracts §3.7): exact, but for floating sums and what
 * is computed from them, which may differ by 1e-9 of their size (at least of 1), and transcendental functions, by 4 ulp.
 */
export function toleranceOf({ feature, view }: ServiceFeature): Tolerance {
  const relative = relativeTolerance(feature, view);
  return { relative, least: relative === 1e-9 ? 1 : 0 };
}

/** A wider bound: floats within it differ by arithmetic alone, and are told apart from values that are wrong. */
export const looseTolerance: Tolerance = { relative: 1e-6, least: 1 };

export function equalWithin(a: Value, b: Value, tolerance: Tolerance): boolean {
  if (compareValues(a, b) === 0) return true;
  if (typeof a !== "number" || typeof b !== "number") return false;
  return Math.abs(a - b) <= tolerance.relative * Math.max(Math.abs(a), Math.abs(b), tolerance.least);
}

/** The same as SQL, whether two columns differ; never null. */
export function differsSql(a: string, b: string, type: ValueType, { relative, least }: Tolerance): string {
  const differs = `${a} IS DISTINCT FROM ${b}`;
  if (type.kind !== "float64" || relative === 0) return `(${differs})`;
  return `(${differs} AND NOT coalesce(abs(${a} - ${b}) <= ${relative} * greatest(abs(${a}), abs(${b}), ${least}), false))`;
}

function relativeTolerance(feature: RowFeature | WindowFeature, view: ServiceFeature["view"]): number {
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
