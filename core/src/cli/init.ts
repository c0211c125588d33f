import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerInit(program: Command): void {
  program
    .command("init")
    .description("Make a new project that works: a source with data, a view, a service.")
    .argument("[dir]", "the new project's folder", ".")
    .addHelpText("after", "\nExample:\n  skewproof init my-features")
    .action(act(init));
}

async function init(invocation: Invocation, dir: string): Promise<number> {
  const { createProject } = await import("../registry/node/create-project.js");
  const { root, files } = createProject(dir);
  const next = dir === "." ? "" : ` --project ${dir}`;
  invocation.result(
    { root, files },
    [
      `Made ${root}:`,
      ...files.map((file) => `  ${file}`),
      "",
      "Next:",
      `  npx skewproof check${next}`,
      `  npx skewproof training-set --service shop --labels data/labels.csv --out training.parquet${next}`,
    ].join("\n"),
  );
  return 0;
}
