import { literalToDuckdb } from "../expressions/to-duckdb.js";
import type { Expectation, RowFeature, WindowFeature } from "../registry/bound-project.js";
import type { Value } from "../values/value.js";
import { identifier } from "./sql.js";

/** One rule of a feature's `expect`, and the SQL condition of the rows that break it; none for a rule about the share. */
export interface Rule {
  readonly feature: string;
  /** As it is written. */
  readonly rule: "not_null" | "min" | "max" | "in" | "null_rate_below";
  readonly broken: string;
  /** For `null_rate_below`: the share of broken rows from which the rule is broken. */
  readonly share?: number;
}

/** The rules of the features that declare an `expect`, over columns of the features' output names. */
export function expectationRules(
  features: readonly { readonly name: string; readonly feature: RowFeature | WindowFeature }[],
): Rule[] {
  return features.flatMap(({ name, feature }) => (feature.expect === undefined ? [] : rulesOf(name, feature, feature.expect)));
}

function rulesOf(feature: string, { type }: RowFeature | WindowFeature, expect: Expectation): Rule[] {
  const column = identifier(feature);
  const literal = (value: Value): string => literalToDuckdb(value, type);
  const among = expect.in?.filter((value) => value !== null).map(literal) ?? [];
  return [
    ...(expect.notNull === true ? [{ feature, rule: "not_null" as const, broken: `${column} IS NULL` }] : []),
    ...(expect.min === undefined ? [] : [{ feature, rule: "min" as const, broken: `${column} < ${literal(expect.min)}` }]),
    ...(expect.max === undefined ? [] : [{ feature, rule: "max" as const, broken: `${column} > ${literal(expect.max)}` }]),
    ...(expect.in === undefined
      ? []
      : [
          {
            feature,
            rule: "in" as const,
            broken: among.length === 0 ? `${column} IS NOT NULL` : `${column} NOT IN (${among.join(", ")})`,
          },
        ]),
    ...(expect.nullRateBelow === undefined
      ? []
      : [{ feature, rule: "null_rate_below" as const, broken: `${column} IS NULL`, share: expect.nullRateBelow }]),
  ];
}
