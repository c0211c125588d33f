import { Option, type Command } from "commander";

import type { Severity } from "../diagnostic.js";
import { act, type Invocation } from "./command.js";

export function registerCheck(program: Command): void {
  program
    .command("check")
    .description("Check the project's definitions: every finding, with its place and the way to mend it.")
    .addOption(new Option("--format <format>", "how findings are written").choices(["text", "json", "sarif"]).default("text"))
    .addHelpText("after", "\nExample:\n  skewproof check --format sarif > findings.sarif")
    .action(act(check));
}

async function check(invocation: Invocation, { format }: { format: string }): Promise<number> {
  const { findProject, loadProject } = await import("../registry/node/load-project.js");
  const { formatDiagnostic } = await import("../registry/format-diagnostic.js");
  const { diagnostics, project } = await loadProject(findProject(invocation.projectDir));
  const count = (severity: Severity): number => diagnostics.filter((one) => one.severity === severity).length;
  const [errors, warnings, notes] = [count("error"), count("warning"), count("information")];
  if (format === "sarif") {
    const { toSarif } = await import("../registry/sarif.js");
    process.stdout.write(`${JSON.stringify(toSarif(diagnostics))}\n`);
  } else {
    const summary = `${project.name}: ${errors} errors, ${warnings} warnings${notes === 0 ? "" : `, ${notes} notes`}; ${project.views.size} views, ${project.services.size} services, ${project.models.size} models.`;
    const text = [...diagnostics.map(formatDiagnostic), summary].join("\n");
    if (format === "json") process.stdout.write(`${JSON.stringify({ diagnostics, errors, warnings, notes })}\n`);
    else invocation.result({ diagnostics, errors, warnings, notes }, text);
  }
  return errors === 0 ? 0 : 1;
}
