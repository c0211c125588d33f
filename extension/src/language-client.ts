import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";

import type { CommandLine } from "./engine.js";

/** Starts the language server in a process of its own. */
export async function startLanguageClient({ script, env }: CommandLine): Promise<vscode.Disposable> {
  const client = new LanguageClient(
    "skewproof",
    "Skewproof",
    { module: script, args: ["lsp"], transport: TransportKind.stdio, options: { env } },
    {
      documentSelector: [{ scheme: "file", language: "yaml" }],
      synchronize: {
        fileEvents: vscode.workspace.createFileSystemWatcher("**/{skewproof.yaml,.skewproof/{distributions/*,schemas}.json}"),
      },
    },
  );
  await client.start();
  return new vscode.Disposable(() => void client.stop());
}
