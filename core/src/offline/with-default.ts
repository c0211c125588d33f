import { literalToDuckdb } from "../expressions/to-duckdb.js";
import type { RowFeature, WindowFeature } from "../registry/bound-project.js";

/** A feature's SQL with its declared default in the place of null. */
export function withDefault(feature: RowFeature | WindowFeature, sql: string): string {
  return feature.default === undefined ? sql : `coalesce(${sql}, ${literalToDuckdb(feature.default, feature.type)})`;
}
