import { isSkewproofError } from "../../errors.js";
import type { SourceLocation } from "../../registry/bound-project.js";
import type { Column } from "../../values/value-type.js";
import { isArrowFile, sourceRelation } from "../source-relation.js";
import { openDuckdb } from "./duckdb-session.js";
import { stageArrow } from "./read-arrow.js";

/** The columns that each source's data really has, or the sentence that says why they cannot be read. */
export async function readSourceSchemas(
  root: string,
  sources: readonly { readonly name: string; readonly location: SourceLocation }[],
): Promise<ReadonlyMap<string, readonly Column[] | string>> {
  const schemas = new Map<string, readonly Column[] | string>();
  if (sources.length === 0) return schemas;
  await using session = await openDuckdb({ root });
  for (const { name, location } of sources) {
    try {
      if (location.kind === "path" && isArrowFile(location.path)) await stageArrow(root, location.path);
      schemas.set(name, await session.describe(`SELECT * FROM ${sourceRelation(location)}`));
    } catch (error) {
      if (!isSkewproofError(error)) throw error;
      schemas.set(name, error.message);
    }
  }
  return schemas;
}
