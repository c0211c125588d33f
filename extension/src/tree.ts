import path from "node:path";

import * as vscode from "vscode";

import type { Engine } from "./engine.js";
import type { Projects } from "./projects.js";

/** A row: how it looks, and what is under it. */
export interface Row {
  readonly item: vscode.TreeItem;
  readonly children?: () => readonly Row[] | Promise<readonly Row[]>;
  /** What a command on this row is given. */
  readonly target?: unknown;
}

export function row(label: string, description: string, icon: string, more: Partial<vscode.TreeItem> = {}): vscode.TreeItem {
  const item = new vscode.TreeItem(label, more.collapsibleState ?? vscode.TreeItemCollapsibleState.None);
  // Without it a screen reader would read the tooltip instead of the name.
  const accessibilityInformation = { label: description === "" ? label : `${label}, ${description}` };
  return Object.assign(item, { description, iconPath: new vscode.ThemeIcon(icon), accessibilityInformation, ...more });
}

/** A view of rows that are read from each project's engine when they are first shown. One project's rows stand at the top. */
export class Tree implements vscode.TreeDataProvider<Row> {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #projects: Projects;
  readonly #read: (engine: Engine) => Promise<readonly Row[]>;

  constructor(projects: Projects, read: (engine: Engine) => Promise<readonly Row[]>) {
    this.#projects = projects;
    this.#read = read;
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  getTreeItem({ item }: Row): vscode.TreeItem {
    return item;
  }

  async getChildren(element?: Row): Promise<Row[]> {
    if (element !== undefined) return [...((await element.children?.()) ?? [])];
    const engines = await this.#projects.all();
    const [only] = engines;
    if (engines.length === 1 && only !== undefined) return this.#rows(only);
    return engines.map((engine) => ({
      item: row(path.basename(engine.root), vscode.workspace.asRelativePath(engine.root), "folder", {
        collapsibleState: vscode.TreeItemCollapsibleState.Collapsed,
      }),
      children: () => this.#rows(engine),
    }));
  }

  /** What went wrong is a row: nothing pops up because a view is open. */
  async #rows(engine: Engine): Promise<Row[]> {
    try {
      return [...(await this.#read(engine))];
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return [{ item: row(message.split("\n")[0] ?? message, "", "error", { tooltip: message }) }];
    }
  }
}
