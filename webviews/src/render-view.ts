import { html, render, type TemplateResult } from "lit";
import type { View } from "skewproof/views/view";

import { driftTemplate } from "./drift.js";
import { featureTemplate } from "./feature.js";
import { featuresTemplate } from "./features.js";
import type { Host, Rendered } from "./host.js";
import { skewTemplate, type SkewChoice } from "./skew.js";
import { style } from "./style.js";
import { tableView } from "./table.js";

/**
 * Draws a view into an element, in a shadow root of its own: the one render core of every host. It reads nothing but its
 * arguments, runs no eval and asks no network. A payload that is no view shows as a sentence, not as an exception.
 */
export function renderView(element: HTMLElement, view: View, host: Host = {}): Rendered {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  let filter = view.kind === "features" ? (view.filter ?? "") : "";
  let chosen: string | undefined;
  let skewChoice: SkewChoice = {};

  const content = (): TemplateResult => {
    switch (view.kind) {
      case "features":
        return featuresTemplate(view, host, filter, (text) => {
          filter = text;
          draw();
        });
      case "feature":
        return featureTemplate(view, host);
      case "drift":
        return driftTemplate(view, chosen, (feature) => {
          chosen = feature;
          draw();
        });
      case "skew":
        return skewTemplate(view, host, skewChoice, (choice) => {
          skewChoice = choice;
          draw();
        });
      case "status":
      case "training_set":
      case "models":
      case "deployments":
        return tableView(view);
      default:
        throw new Error(`It has the kind ${JSON.stringify((view as { kind?: unknown }).kind)}.`);
    }
  };
  const draw = (): void => {
    let drawn: TemplateResult;
    try {
      drawn = content();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      drawn = html`<p class="error">This is no view that this version of Skewproof can draw. ${why}</p>`;
    }
    render(html`<div class="skewproof-view">${drawn}</div>`, root);
  };
  draw();
  return {
    dispose() {
      render(html``, root);
    },
  };
}
