import path from "node:path";

import * as vscode from "vscode";

import { Engine, type CommandLine } from "./engine.js";

/** The workspace's projects: every folder with a skewproof.yaml, each with the client of its engine. */
export class Projects {
  readonly #command: CommandLine;
  readonly #engines = new Map<string, Engine>();

  constructor(command: CommandLine) {
    this.#command = command;
  }

  async all(): Promise<Engine[]> {
    const files = await vscode.workspace.findFiles("**/skewproof.yaml", "**/{node_modules,.skewproof}/**", 50);
    const roots = files.map(({ fsPath }) => path.dirname(fsPath)).sort();
    return roots.map((root) => this.at(root));
  }

  at(root: string): Engine {
    const known = this.#engines.get(root) ?? new Engine(root, this.#command);
    this.#engines.set(root, known);
    return known;
  }
}
