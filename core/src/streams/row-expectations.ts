import { columnsUsed } from "../expressions/columns-used.js";
import { compileRow } from "../expressions/compile-row.js";
import type { BoundProject, Expectation, RowFeature, Source } from "../registry/bound-project.js";
import { compareValues } from "../values/compare-values.js";
import type { Value } from "../values/value.js";
import { systemColumns } from "./system-columns.js";

/**
 * Which rule of an `expect` a row breaks, as a sentence: that of features of the latest row, computed from this source.
 * What is said of a share of rows, of an aggregate, or of what the log itself adds, no row breaks by itself.
 */
export function expectationCheck(project: BoundProject, source: Source): (values: readonly Value[]) => string | undefined {
  const added = new Set(systemColumns.map(({ name }) => name));
  const checked = [...project.views.values()].flatMap((view) =>
    view.kind !== "feature_view" || view.source.name !== source.name
      ? []
      : view.features
          .filter(
            (feature): feature is RowFeature & { readonly expect: Expectation } =>
              feature.kind === "row" && feature.expect !== undefined,
          )
          .filter(({ expression }) => ![...columnsUsed(expression)].some((name) => added.has(name)))
          .map((feature) => ({ name: `${view.name}.${feature.name}`, feature, expect: feature.expect })),
  );
  if (checked.length === 0) return () => undefined;
  const compute = compileRow(
    checked.map(({ feature }) => feature.expression),
    (source.columns ?? []).map(({ name }) => name),
  );
  const computed: Value[] = [];
  return (values) => {
    compute(values, computed);
    for (const [index, { name, feature, expect }] of checked.entries()) {
      const broken = brokenRule(computed[index] ?? feature.default ?? null, expect);
      if (broken !== undefined) return `${name}: expect ${broken}`;
    }
    return undefined;
  };
}

function brokenRule(value: Value, { notNull, min, max, in: among }: Expectation): string | undefined {
  if (value === null) return notNull === true ? "not_null" : undefined;
  if (min !== undefined && compareValues(value, min) < 0) return "min";
  if (max !== undefined && compareValues(value, max) > 0) return "max";
  if (among !== undefined && !among.some((one) => one !== null && compareValues(value, one) === 0)) return "in";
  return undefined;
}
