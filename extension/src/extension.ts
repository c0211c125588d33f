import * as vscode from "vscode";

import { commands } from "./commands.js";
import { commandLine } from "./engine.js";
import { Panels } from "./panel.js";
import { Projects } from "./projects.js";
import { deploymentRows, featureRows, modelRows } from "./rows.js";
import { registerSkewTests } from "./skew-tests.js";
import { Tree } from "./tree.js";

/** Registers views and commands; everything else is loaded or started when it is first needed. */
export function activate(context: vscode.ExtensionContext): void {
  const command = commandLine(context.extensionPath);
  const projects = new Projects(command);
  const trees = { features: featureRows, models: modelRows, deployments: deploymentRows };
  const shown = Object.entries(trees).map(([name, read]) => {
    const tree = new Tree(projects, read);
    context.subscriptions.push(vscode.window.registerTreeDataProvider(`skewproof.${name}`, tree));
    return tree;
  });
  const refresh = (): void => {
    for (const tree of shown) tree.refresh();
  };
  const workbench = { projects, command, panels: new Panels(context.extensionUri), refresh };
  for (const [id, run] of Object.entries(commands(workbench))) {
    const guarded = async (...args: unknown[]): Promise<void> => {
      try {
        // VS Code hands over what the menus and trees of this extension pass.
        await run(...(args as never[]));
      } catch (error) {
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      }
    };
    context.subscriptions.push(vscode.commands.registerCommand(id, guarded));
  }
  context.subscriptions.push(registerSkewTests(projects));
  const watcher = vscode.workspace.createFileSystemWatcher("**/{skewproof.yaml,definitions/**/*.yaml}");
  context.subscriptions.push(watcher, watcher.onDidChange(refresh), watcher.onDidCreate(refresh), watcher.onDidDelete(refresh));

  const startLanguage = async (): Promise<void> => {
    const { startLanguageClient } = await import("./language-client.js");
    context.subscriptions.push(await startLanguageClient(command));
  };
  // After activation: the editor waits for nothing.
  setImmediate(() => {
    startLanguage().catch((error: unknown) => {
      void vscode.window.showErrorMessage(`The language server of Skewproof did not start: ${String(error)}`);
    });
  });
}
