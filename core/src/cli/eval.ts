import type { Command } from "commander";

import type { Backend } from "../expressions/node/evaluate-file.js";
import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerEval(program: Command): void {
  program
    .command("eval")
    .description("An expression's value for every row of a file, by each backend, and whether they agree.")
    .argument("<expression>")
    .requiredOption("--rows <file>", "Parquet, CSV or NDJSON")
    .option("--backend <names>", "separated by commas: duckdb, javascript", "duckdb,javascript")
    .addHelpText("after", "\nExample:\n  skewproof eval 'amount / nullif(total, 0)' --rows orders.csv")
    .action(act(evaluate));
}

const known: readonly Backend[] = ["duckdb", "javascript"];

async function evaluate(
  invocation: Invocation,
  expression: string,
  options: { readonly rows: string; readonly backend: string },
): Promise<number> {
  const { SkewproofError } = await import("../errors.js");
  const { evaluateFile } = await import("../expressions/node/evaluate-file.js");
  const backends = options.backend.split(",").map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found === undefined) throw new SkewproofError("usage", `There is no backend ${name}. Backends: ${known.join(", ")}.`);
    return found;
  });
  const evaluation = await evaluateFile(expression, invocation.path(options.rows), backends);
  const rows = evaluation.rows.map((row, index) => [
    String(index + 1),
    ...backends.map((backend) => JSON.stringify(row[backend])),
  ]);
  invocation.result(
    evaluation,
    `${evaluation.type}, ${evaluation.agree ? "all backends agree" : "the backends differ"}\n\n${table(["row", ...backends], rows)}`,
  );
  return evaluation.agree ? 0 : 1;
}
