import { readFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { closeValues } from "../../values/close-values.js";
import type { Value } from "../../values/value.js";
import { aggregates } from "../aggregates.js";
import { bindAggregate, bindExpression } from "../bind.js";
import { operations } from "../catalogue.js";
import { aggregateToDuckdb, expressionToDuckdb, featureToDuckdb, literalToDuckdb } from "../to-duckdb.js";
import { exampleRow, exampleWindow } from "./example-row.js";
import { evaluateAggregateExample, evaluateExample, expressionsPage } from "./expressions-page.js";

const page = path.resolve(import.meta.dirname, "../../../../docs/expressions.md");

const rowSql = (values: Readonly<Record<string, Value>>): string =>
  exampleRow.map(({ name, type }) => `${literalToDuckdb(values[name] ?? null, type)} AS ${identifier(name)}`).join(", ");

describe("docs/expressions.md", () => {
  it("is what the catalogue says; `npm run docs` writes it", () => {
    expect(readFileSync(page, "utf8")).toBe(expressionsPage());
  });

  it("documents every operation and aggregate in a sentence, with an example that uses it", () => {
    for (const { name, signature, documentation, operator, example } of operations.values()) {
      expect(documentation, name).toMatch(/\.$/);
      if (operator !== true)
        expect(
          [signature, example].every((text) => text.includes(`${name}(`)),
          name,
        ).toBe(true);
    }
    for (const { name, signature, documentation, example } of aggregates.values()) {
      expect(documentation, name).toMatch(/\.$/);
      expect(
        [signature, example].every((text) => text.includes(`${name}(`)),
        name,
      ).toBe(true);
    }
  });

  it("has examples that DuckDB gives the same values for", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const source = rowSql(Object.fromEntries(exampleRow.map(({ name, value }) => [name, value])));
    for (const { example, name } of operations.values()) {
      const { tree } = bindExpression(example, exampleRow);
      if (tree === undefined) throw new Error(example);
      const [[duckdb = null] = []] = await session.rows(
        `SELECT ${featureToDuckdb(tree.type, expressionToDuckdb(tree, identifier))} FROM (SELECT ${source})`,
      );
      expect(closeValues(evaluateExample(example).value, duckdb, 4), `${name}: ${example}`).toBe(true);
    }
    const rows = exampleWindow.map((values, n) => `SELECT ${n} AS _n, ${rowSql(values)}`).join(" UNION ALL ");
    for (const { example } of aggregates.values()) {
      const { aggregate } = bindAggregate(example, exampleRow);
      if (aggregate === undefined) throw new Error(example);
      const sql = featureToDuckdb(aggregate.type, aggregateToDuckdb(aggregate, identifier, "_n"));
      const [[duckdb = null] = []] = await session.rows(`SELECT ${sql} FROM (${rows})`);
      expect(closeValues(evaluateAggregateExample(example).value, duckdb, 4), example).toBe(true);
    }
  });
});
