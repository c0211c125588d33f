import type { Command } from "commander";

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

async function evaluate(
  invocation: Invocation,
  expression: string,
  options: { readonly rows: string; readonly backend: string },
): Promise<number> {
  const { SkewproofError } = await import("../errors.js");
  const { didYouMean } = await import("../values/nearest-name.js");
  const { backends, evaluateFile } = await import("../expressions/node/evaluate-file.js");
  const wanted = options.backend.split(",").map((name) => {
    const found = backends.find((one) => one === name.trim());
    if (found === undefined)
      throw new SkewproofError(
        "usage",
        `There is no backend ${name.trim()}.${didYouMean(name.trim(), backends)} Backends: ${backends.join(", ")}.`,
      );
    return found;
  });
  const chosen = [...new Set(wanted)];
  const evaluation = await evaluateFile(expression, invocation.path(options.rows), chosen);
  const rows = evaluation.rows.map((row, index) => [String(index + 1), ...chosen.map((backend) => JSON.stringify(row[backend]))]);
  const verdict = chosen.length < 2 ? "" : evaluation.agree ? ", all backends agree" : ", the backends differ";
  invocation.result(evaluation, `${evaluation.type}${verdict}\n\n${table(["row", ...chosen], rows)}`);
  return evaluation.agree ? 0 : 1;
}
