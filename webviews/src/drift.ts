import { html, nothing, type TemplateResult } from "lit";
import type { FeatureDrift, Verdict } from "skewproof/drift/drift-report";
import { driftChart } from "skewproof/views/chart";
import type { DriftView } from "skewproof/views/view";
import { viewTable } from "skewproof/views/view-table";

import { chart } from "./chart.js";
import { themeColors } from "./draw-chart.js";

// A shape beside each word: colour alone would tell some readers nothing.
const marks: Readonly<Record<Verdict, string>> = { stable: "○", moderate: "◐", large: "●", unknown: "·" };

/** Drift of every feature and the bins of the chosen one. */
export function driftTemplate(view: DriftView, chosen: string | undefined, choose: (feature: string) => void): TemplateResult {
  const { title, sentence } = viewTable(view);
  const { features } = view.report;
  const shown = features.find(({ feature }) => feature === chosen) ?? features[0];
  const statistics = features[0]?.statistics.map(({ id }) => id) ?? [];
  const row = (one: FeatureDrift): TemplateResult =>
    html`<tr aria-current=${one === shown ? "true" : "false"}>
      <th scope="row"><button @click=${() => choose(one.feature)}>${one.feature}</button></th>
      ${one.statistics.map(({ value }) => html`<td class="number">${value === null ? "–" : value.toFixed(4)}</td>`)}
      <td class="verdict">${marks[one.verdict]} ${one.verdict}</td>
    </tr>`;
  return html`<h2>${title}</h2>
    <p class="muted">${sentence}</p>
    ${
      shown === undefined
        ? nothing
        : chart(
            driftChart(shown, themeColors),
            `Shares of ${shown.feature} by bin: ${shown.bins
              .map(
                ({ label, reference, current }) =>
                  `${label}: reference ${(100 * reference).toFixed(1)} %, current ${(100 * current).toFixed(1)} %`,
              )
              .join("; ")}`,
          )
    }
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            ${statistics.map((id) => html`<th scope="col" class="number">${id}</th>`)}
            <th scope="col">Drift</th>
          </tr>
        </thead>
        <tbody>
          ${features.map(row)}
        </tbody>
      </table>
    </div>`;
}
