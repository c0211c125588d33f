import type { Rendered } from "@skewproof/webviews/host";
import { renderView } from "@skewproof/webviews/render-view";
import type { View } from "skewproof/views/view";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const api = acquireVsCodeApi();
const element = document.querySelector<HTMLElement>("#view");
let shown: Rendered | undefined;
window.addEventListener("message", ({ data }: MessageEvent<{ readonly view: View }>) => {
  if (element === null) return;
  shown?.dispose();
  shown = renderView(element, data.view, { send: (request) => api.postMessage(request) });
});
api.postMessage({ type: "ready" });
