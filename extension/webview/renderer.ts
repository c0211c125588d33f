import type { Rendered } from "@skewproof/webviews/host";
import { renderView } from "@skewproof/webviews/render-view";
import type { View } from "skewproof/views/view";
import type { ActivationFunction } from "vscode-notebook-renderer";

/** Draws views in notebook outputs. */
export const activate: ActivationFunction = () => {
  const shown = new Map<string, Rendered>();
  return {
    renderOutputItem(item, element) {
      shown.get(item.id)?.dispose();
      const host = document.createElement("div");
      element.replaceChildren(host);
      shown.set(item.id, renderView(host, item.json() as View));
    },
    disposeOutputItem(id) {
      const ended = id === undefined ? [...shown.keys()] : [id];
      for (const one of ended) {
        shown.get(one)?.dispose();
        shown.delete(one);
      }
    },
  };
};
