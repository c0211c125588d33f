import type { ServedModels } from "./served-models.js";

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A static page about what is served; it needs the token like everything else, and holds no script. */
export function statusPage(models: ServedModels, replay: boolean): string {
  const rows = models
    .list()
    .map(
      ({ active, previous }) =>
        `<tr><td>${escape(active.name)}</td><td>${escape(active.version)}</td><td>${escape(previous?.version ?? "–")}</td><td>${escape(active.features?.service.name ?? "none")}</td><td class="n">${active.inference.waiting}</td></tr>`,
    )
    .join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Skewproof sidecar</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid color-mix(in srgb,CanvasText 20%,Canvas)}.n{text-align:right}</style>
<h1>Skewproof sidecar</h1><p>${replay ? "Replay mode: requests may name their own moment." : "Serving live: a request's moment is this machine's clock."} Metrics are at <code>/metrics</code>, the API at <code>/openapi.json</code>.</p>
<table><thead><tr><th>Model</th><th>Active version</th><th>Previous</th><th>Feature service</th><th class="n">Waiting</th></tr></thead><tbody>${rows || '<tr><td colspan="5">No model is deployed. Run <code>skewproof deploy MODEL --to local</code>.</td></tr>'}</tbody></table></html>`;
}
