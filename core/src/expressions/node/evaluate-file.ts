import path from "node:path";

import type { ExpressionProblem } from "../../diagnostic.js";
import { SkewproofError } from "../../errors.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { fileRelation } from "../../offline/source-relation.js";
import { identifier } from "../../offline/sql.js";
import { closeValues } from "../../values/close-values.js";
import { toJsonValue } from "../../values/json-value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Value } from "../../values/value.js";
import { bindExpression } from "../bind.js";
import { compileRow } from "../compile-row.js";
import { expressionToDuckdb, featureToDuckdb, normalizedColumn } from "../to-duckdb.js";

/** The engines that `eval` knows. */
export const backends = ["duckdb", "javascript"] as const;
export type Backend = (typeof backends)[number];

export interface Evaluation {
  readonly type: string;
  readonly agree: boolean;
  /** One object per row of the file, a JSON value by backend. */
  readonly rows: readonly Readonly<Partial<Record<Backend, unknown>>>[];
}

/** Contracts §3.7: what transcendental functions may differ by. */
const tolerance = 4;

/**
 * An expression's value for every row of a table file, in the file's order, by each backend, and whether they agree:
 * exactly, but 4 ulp for floats. Throws `invalid`, with the places marked, when the expression does not fit the file's
 * columns.
 */
export async function evaluateFile(text: string, file: string, wanted: readonly Backend[]): Promise<Evaluation> {
  await using session = await openDuckdb({ root: path.dirname(file) });
  const relation = fileRelation(file);
  const columns = await session.describe(`SELECT * FROM ${relation}`);
  const { tree, problems } = bindExpression(text, columns);
  if (tree === undefined) throw new SkewproofError("invalid", problems.map((problem) => marked(text, problem)).join("\n"));
  const { type } = tree;
  if (type.kind === "interval")
    throw new SkewproofError("invalid", `${text} is an interval, which is no value of a row; add it to a timestamp.`);

  const names = columns.map(({ name }) => identifier(name));
  const cells = columns.map(({ type: one }, index) => `${normalizedColumn(one, names[index] ?? "")} AS ${names[index] ?? ""}`);
  await session.run(`CREATE TEMP TABLE _rows AS SELECT ${cells.join(", ")} FROM ${relation}`);
  const sql = featureToDuckdb(type, expressionToDuckdb(tree, identifier));
  const compute = compileRow(
    [tree],
    columns.map(({ name }) => name),
  );
  const rows: Evaluation["rows"][number][] = [];
  const output: Value[] = [];
  let agree = true;
  for await (const chunk of session.stream(`SELECT ${[sql, ...names].join(", ")} FROM _rows`))
    for (const [duckdb = null, ...row] of chunk) {
      compute(row, output);
      const values: Record<Backend, Value> = { duckdb, javascript: output[0] ?? null };
      agree &&= wanted.every((backend) => closeValues(values[backend], values[wanted[0] ?? backend], tolerance));
      rows.push(Object.fromEntries(wanted.map((backend) => [backend, toJsonValue(values[backend], type)])));
    }
  return { type: printValueType(type), agree, rows };
}

/** The expression on one line, carets under the place, and what is wrong there. */
function marked(text: string, { message, span: { start, end } }: ExpressionProblem): string {
  return `${text.replace(/\s/g, " ")}\n${" ".repeat(start)}${"^".repeat(Math.max(1, end - start))}\n${message}`;
}
