import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { fileRelation } from "../../offline/source-relation.js";
import { identifier } from "../../offline/sql.js";
import { compareValues } from "../../values/compare-values.js";
import { toJsonValue } from "../../values/json-value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Value } from "../../values/value.js";
import { bindExpression } from "../bind.js";
import { expressionToDuckdb, featureToDuckdb, normalizedColumn } from "../to-duckdb.js";
import { expressionToJavascript, featureValue } from "../to-javascript.js";

export type Backend = "duckdb" | "javascript";

export interface Evaluation {
  readonly type: string;
  readonly agree: boolean;
  /** One object per row of the file, a JSON value by backend. */
  readonly rows: readonly Readonly<Partial<Record<Backend, unknown>>>[];
}

/**
 * An expression's value for every row of a table file, by each backend, and whether they agree: exactly, but 4 ulp for
 * floats. Throws `invalid`, with the place marked, when the expression does not fit the file's columns.
 */
export async function evaluateFile(text: string, file: string, backends: readonly Backend[]): Promise<Evaluation> {
  await using session = await openDuckdb({ root: path.dirname(file) });
  const relation = fileRelation(file);
  const columns = await session.describe(`SELECT * FROM ${relation}`);
  const { tree, problems } = bindExpression(text, columns);
  if (tree === undefined)
    throw new SkewproofError(
      "invalid",
      problems
        .map(
          ({ message, span }) =>
            `${text}\n${" ".repeat(span.start)}${"^".repeat(Math.max(1, span.end - span.start))}\n${message}`,
        )
        .join("\n"),
    );
  const normalized = columns.map(({ name, type }) => normalizedColumn(type, identifier(name)));
  const sql = featureToDuckdb(tree.type, expressionToDuckdb(tree, identifier));
  await session.run(
    `CREATE TEMP TABLE _rows AS SELECT ${columns.map(({ name }, index) => `${normalized[index] ?? ""} AS ${identifier(name)}`).join(", ")} FROM ${relation}`,
  );
  const results = await session.rows(`SELECT ${[sql, ...columns.map(({ name }) => identifier(name))].join(", ")} FROM _rows`);
  const evaluate = expressionToJavascript(tree);
  const values = results.map(([duckdb = null, ...cells]) => ({
    duckdb,
    javascript: featureValue(evaluate(Object.fromEntries(columns.map(({ name }, index) => [name, cells[index] ?? null])))),
  }));
  return {
    type: printValueType(tree.type),
    agree: values.every(({ duckdb, javascript }) => agree(duckdb, javascript)),
    rows: values.map((row) => Object.fromEntries(backends.map((backend) => [backend, toJsonValue(row[backend], tree.type)]))),
  };
}

function agree(a: Value, b: Value): boolean {
  if (compareValues(a, b) === 0) return true;
  return (
    typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 4 * Number.EPSILON * Math.max(Math.abs(a), Math.abs(b))
  );
}
