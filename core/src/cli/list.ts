import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerList(program: Command): void {
  program
    .command("list")
    .description("List what the project defines.")
    .argument("[kind]", "entities, sources, views, services, models, pipelines or monitors")
    .addHelpText("after", "\nExample:\n  skewproof list views")
    .action(act(list));
}

const kinds = ["entities", "sources", "views", "services", "models", "pipelines", "monitors"] as const;

async function list(invocation: Invocation, kind: string | undefined): Promise<number> {
  const { findProject, loadProject } = await import("../registry/node/load-project.js");
  const { SkewproofError } = await import("../errors.js");
  const wanted = kinds.filter((one) => kind === undefined || one === kind || one.replace(/ies$/, "y").replace(/s$/, "") === kind);
  if (wanted.length === 0)
    throw new SkewproofError("usage", `${kind ?? ""} is no kind of definition. Kinds: ${kinds.join(", ")}.`);
  const { project } = await loadProject(findProject(invocation.projectDir), { schemas: "cached" });
  const rows = wanted.flatMap((one) =>
    [...project[one].values()].map(({ name, owner, description, file, line }) => ({
      kind: one,
      name,
      owner: owner ?? null,
      description: description ?? null,
      file,
      line: line + 1,
    })),
  );
  invocation.result(
    rows,
    table(
      ["kind", "name", "owner", "where"],
      rows.map((row) => [row.kind, row.name, row.owner ?? "", `${row.file}:${row.line}`]),
    ),
  );
  return 0;
}
