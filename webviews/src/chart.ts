import { html, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import type { TopLevelSpec } from "vega-lite";

import { drawChart } from "./draw-chart.js";

/** A place in a template where a chart is drawn; `says` is what a screen reader reads instead of it. */
export function chart(spec: TopLevelSpec, says: string): TemplateResult {
  let clear: (() => void) | undefined;
  const draw = (element: Element | undefined): void => {
    clear?.();
    clear = undefined;
    if (!(element instanceof HTMLElement)) return;
    void drawChart(element, spec).then(
      (finalize) => (clear = finalize),
      (error: unknown) => {
        element.textContent = `The chart could not be drawn: ${String(error)}`;
      },
    );
  };
  return html`<div class="chart" role="img" aria-label=${says} ${ref(draw)}></div>`;
}
