import { openDuckdb, type DuckdbSession } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { closeValues } from "../../values/close-values.js";
import { toJsonValue } from "../../values/json-value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Value } from "../../values/value.js";
import { bindExpression } from "../bind.js";
import { compileRow } from "../compile-row.js";
import { expressionToDuckdb, featureToDuckdb, literalToDuckdb, normalizedColumn } from "../to-duckdb.js";
import { featureValue } from "../to-javascript.js";
import type { TypedExpression } from "../typed-tree.js";
import { hostileColumns, hostileRow } from "./hostile-rows.js";
import { draftText, kinds, randomExpression, simpler, type Draft } from "./random-expressions.js";
import { showValue } from "./show-value.js";
import { randomSource } from "./random-source.js";

export interface ProofOptions {
  readonly seed: number;
  readonly expressions: number;
  readonly rows: number;
}

const names = hostileColumns.map(({ name }) => name);
const batch = 200;

/**
 * Random expressions over hostile rows by DuckDB, by closures and by generated code. Throws the first difference,
 * shrunk to one expression and one row, with the seed. Gives the number of expressions that were compared.
 */
export async function proveBackEndsEqual(options: ProofOptions): Promise<number> {
  const batches = Array.from({ length: Math.ceil(options.expressions / batch) }, (_, index) => index * batch).values();
  // DuckDB plans on one thread; two sessions keep two cores busy.
  await Promise.all([prove(batches, options), prove(batches, options)]);
  return options.expressions;
}

async function prove(batches: Iterable<number>, { seed, expressions, rows }: ProofOptions): Promise<void> {
  await using session = await openDuckdb({ root: process.cwd() });
  for (const done of batches) {
    const random = randomSource(seed + done);
    const drafts = Array.from({ length: Math.min(batch, expressions - done) }, () =>
      randomExpression(random.pick(kinds), random.pick([1, 2, 3, 4]), random),
    );
    const table = Array.from({ length: rows }, () => hostileRow(random));
    const difference = await firstDifference(session, drafts, table);
    if (difference === undefined) continue;
    const small = await shrink(session, difference);
    throw new Error(`seed ${seed}, expression ${done} and on: the back-ends differ\n${await describe(session, small)}`);
  }
}

interface Case {
  readonly draft: Draft;
  readonly row: readonly Value[];
}

function bound(draft: Draft): TypedExpression {
  const text = draftText(draft);
  const { tree, problems } = bindExpression(text, hostileColumns);
  if (tree === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
  return tree;
}

/** Results by expression and row, from each back-end. */
async function evaluate(
  session: DuckdbSession,
  trees: readonly TypedExpression[],
  rows: readonly (readonly Value[])[],
): Promise<{ duckdb: Value[][]; closures: Value[][]; generated: Value[][] }> {
  const sql = trees.map((tree) => featureToDuckdb(tree.type, expressionToDuckdb(tree, identifier)));
  const duckdb = await session.rows(`SELECT ${sql.join(", ")} FROM _rows ORDER BY _n`);
  const input = rows.map((row) => row.map(featureValue));
  const by = (generate: boolean): Value[][] => {
    const compute = compileRow(trees, names, { generate });
    return input.map((row) => {
      const output: Value[] = [];
      compute(row, output);
      return output;
    });
  };
  return { duckdb, closures: by(false), generated: by(true) };
}

/** SQL of the rows as DuckDB reads a source, and their number `_n`. */
export function hostileTable(rows: readonly (readonly Value[])[]): string {
  const cells = rows.map(
    (row, n) => `(${[n, ...hostileColumns.map(({ type }, at) => literalToDuckdb(row[at] ?? null, type))].join(", ")})`,
  );
  const normalized = hostileColumns.map(({ name, type }) => `${normalizedColumn(type, identifier(name))} AS ${identifier(name)}`);
  return `SELECT _n, ${normalized.join(", ")} FROM (VALUES ${cells.join(", ")}) AS r(_n, ${names.map(identifier).join(", ")})`;
}

async function firstDifference(
  session: DuckdbSession,
  drafts: readonly Draft[],
  rows: readonly (readonly Value[])[],
): Promise<Case | undefined> {
  const trees = drafts.map(bound);
  await session.run(`CREATE OR REPLACE TEMP TABLE _rows AS ${hostileTable(rows)}`);
  let results;
  try {
    results = await evaluate(session, trees, rows);
  } catch (error) {
    // An error of the whole batch: the expression is found by halves. Alone with one row it is the case.
    if (drafts.length > 1) {
      const middle = drafts.length >> 1;
      return (
        (await firstDifference(session, drafts.slice(0, middle), rows)) ?? firstDifference(session, drafts.slice(middle), rows)
      );
    }
    if (rows.length > 1) {
      for (const row of rows) {
        const found = await firstDifference(session, drafts, [row]);
        if (found !== undefined) return found;
      }
      throw error;
    }
    const [draft, row] = [drafts[0], rows[0]];
    if (draft === undefined || row === undefined) throw error;
    return { draft, row };
  }
  for (const [n, row] of rows.entries())
    for (const [k, draft] of drafts.entries()) {
      const ulp = draft.kind === "near" ? 4 : 0;
      const [a = null, b = null, c = null] = [results.duckdb[n]?.[k], results.closures[n]?.[k], results.generated[n]?.[k]];
      if (!closeValues(a, b, ulp) || !closeValues(b, c, 0)) return { draft, row };
    }
  return undefined;
}

/** Takes simpler expressions, then simpler rows, as long as the back-ends still differ. */
async function shrink(session: DuckdbSession, found: Case): Promise<Case> {
  let smallest = found;
  for (let again = true; again;) {
    again = false;
    for (const draft of simpler(smallest.draft)) {
      if (draftText(draft).length >= draftText(smallest.draft).length) continue;
      const still = await firstDifference(session, [draft], [smallest.row]);
      if (still === undefined) continue;
      smallest = still;
      again = true;
      break;
    }
  }
  const used = draftText(smallest.draft);
  for (const [at, name] of names.entries()) {
    if (smallest.row[at] === null) continue;
    const row = smallest.row.map((value, index) => (index === at ? null : value));
    if (!new RegExp(`\\b${name}\\b`).test(used) || (await firstDifference(session, [smallest.draft], [row])) !== undefined)
      smallest = { ...smallest, row };
  }
  return smallest;
}

async function describe(session: DuckdbSession, { draft, row }: Case): Promise<string> {
  const tree = bound(draft);
  const cells = hostileColumns.flatMap(({ name, type }, at) =>
    row[at] === null
      ? []
      : [
          `${name} ${printValueType(type)} = ${typeof row[at] === "number" ? row[at] : JSON.stringify(toJsonValue(row[at] ?? null, type))}`,
        ],
  );
  const lines = [draftText(draft), ...cells];
  await session.run(`CREATE OR REPLACE TEMP TABLE _rows AS ${hostileTable([row])}`);
  try {
    const { duckdb, closures, generated } = await evaluate(session, [tree], [row]);
    lines.push(
      `DuckDB ${showValue(duckdb[0]?.[0] ?? null)}`,
      `closures ${showValue(closures[0]?.[0] ?? null)}`,
      `generated ${showValue(generated[0]?.[0] ?? null)}`,
    );
  } catch (error) {
    lines.push(String(error));
  }
  return [...lines, expressionToDuckdb(tree, identifier)].join("\n");
}
