import type { Command } from "commander";

import { act, type Invocation } from "./command.js";

export function registerLsp(program: Command): void {
  program
    .command("lsp")
    .description("The language server for definition files, on stdin and stdout; an editor starts it.")
    // Editors add it by habit; it is what happens anyway.
    .option("--stdio", "the only transport")
    .option("--clientProcessId <pid>", "given by editors; the server ends with its stdin")
    .addHelpText("after", "\nExample (an editor's configuration):\n  command: skewproof lsp --stdio")
    .action(act(lsp));
}

async function lsp(invocation: Invocation): Promise<number> {
  const { startLanguageServer } = await import("../language/node/start-language-server.js");
  await startLanguageServer([process.execPath, process.argv[1] ?? ""], invocation.signal);
  return 0;
}
