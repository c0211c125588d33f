import type { SourceLocation } from "../registry/bound-project.js";
import { SkewproofError } from "../errors.js";
import { stringLiteral } from "./sql.js";

/** A DuckDB table expression that reads a file by its ending; relative paths are the session's root's. */
export function fileRelation(path: string): string {
  const file = stringLiteral(path);
  const ending = /\.(parquet|csv|tsv|ndjson|jsonl|json)(\.gz|\.zst)?$/i.exec(path)?.[1]?.toLowerCase();
  switch (ending) {
    case "csv":
    case "tsv":
      return `read_csv(${file})`;
    case "ndjson":
    case "jsonl":
      return `read_json(${file}, format = 'newline_delimited')`;
    case "json":
      return `read_json(${file})`;
    case "parquet":
      return `read_parquet(${file})`;
    default:
      throw new SkewproofError(
        "usage",
        `${path} ends with nothing that is known. Files end with .parquet, .csv, .tsv, .ndjson, .jsonl or .json (.gz and .zst too).`,
      );
  }
}

/** A DuckDB table expression for a source's rows. `query` is the user's own SQL, run inside the sandbox. */
export function sourceRelation(location: SourceLocation): string {
  switch (location.kind) {
    case "path":
      return fileRelation(location.path);
    case "query":
      return `(${location.sql.trim().replace(/;$/, "")})`;
    case "table":
      throw new SkewproofError(
        "usage",
        `The table ${location.table} needs an offline engine with tables; DuckDB reads files: use \`path\` or \`query\`.`,
      );
    case "stream":
      throw new SkewproofError("usage", "A stream has no rows offline before something was pushed.");
  }
}
