import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { closeValues } from "../../values/close-values.js";
import type { Column } from "../../values/value-type.js";
import { bindExpression } from "../bind.js";
import { expressionToDuckdb, featureToDuckdb } from "../to-duckdb.js";
import { expressionToJavascript, featureValue } from "../to-javascript.js";
import { showValue } from "./show-value.js";

/**
 * Puts `around` around the column `i` until the language refuses the depth, and compares the deepest expression of a
 * row. Throws where the back-ends differ or DuckDB refuses what the language allows. Gives the number of layers.
 */
export async function provedDeep(around: (inner: string) => string): Promise<number> {
  const columns: readonly Column[] = [{ name: "i", type: { kind: "int64" } }];
  let text = "i";
  let layers = 0;
  let tree = bindExpression(text, columns).tree;
  for (let next = tree; next !== undefined; next = bindExpression(around(text), columns).tree) {
    if (next !== tree) [text, layers] = [around(text), layers + 1];
    tree = next;
  }
  if (tree === undefined) throw new Error(`${text} does not bind`);
  await using session = await openDuckdb({ root: process.cwd() });
  const [[duckdb = null] = []] = await session.rows(
    `SELECT ${featureToDuckdb(tree.type, expressionToDuckdb(tree, identifier))} FROM (SELECT CAST(3 AS BIGINT) AS i)`,
  );
  const javascript = featureValue(expressionToJavascript(tree)({ i: 3n }));
  // Powers may differ by 4 ulp a layer.
  if (!closeValues(duckdb, javascript, 4 * layers))
    throw new Error(`DuckDB ${showValue(duckdb)}, JavaScript ${showValue(javascript)}`);
  return layers;
}
