import { randomBytes } from "node:crypto";

import type { Request } from "@skewproof/webviews/host";
import type { View } from "skewproof/views/view";
import * as vscode from "vscode";

/** Shows views in editor tabs, one per key; a second view of the same key takes the place of the first. */
export class Panels {
  readonly #extension: vscode.Uri;
  readonly #open = new Map<string, { readonly panel: vscode.WebviewPanel; show(view: View): void }>();

  constructor(extension: vscode.Uri) {
    this.#extension = extension;
  }

  show(key: string, title: string, view: View, answer: (request: Request) => void): void {
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.show(view);
      known.panel.reveal();
      return;
    }
    const folder = vscode.Uri.joinPath(this.#extension, "bundle");
    const panel = vscode.window.createWebviewPanel("skewproof", title, vscode.ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [folder],
    });
    let shown = view;
    const show = (next: View): void => {
      shown = next;
      void panel.webview.postMessage({ view: next });
    };
    panel.webview.onDidReceiveMessage((message: Request | { readonly type: "ready" }) => {
      if (message.type === "ready") show(shown);
      else answer(message);
    });
    panel.webview.html = page(panel.webview, vscode.Uri.joinPath(folder, "panel.js"));
    panel.onDidDispose(() => this.#open.delete(key));
    this.#open.set(key, { panel, show });
  }
}

/** Scripts from the extension's bundle alone; charts carry style attributes. */
function page(webview: vscode.Webview, script: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const policy = `default-src 'none'; script-src 'nonce-${nonce}' ${webview.cspSource}; style-src 'unsafe-inline'`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <title>Skewproof</title>
  </head>
  <body style="padding: 1.2em">
    <main id="view"></main>
    <script type="module" nonce="${nonce}" src="${webview.asWebviewUri(script).toString()}"></script>
  </body>
</html>`;
}
