import { SkewproofError } from "../errors.js";
import { md5 } from "../expressions/md5.js";
import type { SourceLocation } from "../registry/bound-project.js";
import { identifier, stringLiteral } from "./sql.js";

/**
 * A DuckDB table expression that reads files by their ending; relative paths are the session's root's. Globs are read
 * in the order of their names, `key=value` folders as columns. Arrow files are read from their staged copy.
 */
export function fileRelation(path: string): string {
  const file = stringLiteral(path);
  const ending = /\.(parquet|csv|tsv|ndjson|jsonl|json|arrow|arrows|feather)(\.gz|\.zst)?$/i.exec(path);
  switch (ending?.[1]?.toLowerCase()) {
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
    case "arrow":
    case "arrows":
    case "feather":
      return `read_parquet(${stringLiteral(stagedArrowFile(path))})`;
    default:
      throw new SkewproofError(
        "usage",
        `${path} ends with nothing that is known. Files end with .parquet, .csv, .tsv, .ndjson, .jsonl, .json (.gz and .zst too), .arrow, .arrows or .feather.`,
      );
  }
}

export function isArrowFile(path: string): boolean {
  return /\.(arrow|arrows|feather)$/i.test(path);
}

/** Where the Parquet copy of an Arrow file (or glob) stands, relative to the project. */
export function stagedArrowFile(path: string): string {
  return `.skewproof/arrow/${md5(new TextEncoder().encode(path))}.parquet`;
}

/** A DuckDB table expression for a source's rows. `query` is the user's own SQL, run inside the sandbox. */
export function sourceRelation(location: SourceLocation): string {
  switch (location.kind) {
    case "path":
      return fileRelation(location.path);
    case "query":
      return queryRelation(location.sql);
    case "table":
      throw new SkewproofError(
        "usage",
        `The table ${location.table} needs an offline engine with tables; DuckDB reads files: use \`path\` or \`query\`.`,
      );
    case "stream":
      return streamView(location.name);
  }
}

/** A user's own SELECT as a table expression; its last line may be a comment. */
export function queryRelation(sql: string): string {
  return `(${sql.trim().replace(/;$/, "")}\n)`;
}

/** The view of a stream's rows that `readStreams` makes in a session. */
export function streamView(source: string): string {
  return identifier(`_stream ${source}`);
}
