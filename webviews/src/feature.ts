import { html, nothing, type TemplateResult } from "lit";
import { distributionChart } from "skewproof/views/chart";
import type { Distribution, FeatureView } from "skewproof/views/view";

import { chart } from "./chart.js";
import { themeColors } from "./draw-chart.js";
import type { Host } from "./host.js";

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : String(Number(value.toPrecision(4)));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** One feature: what it means, where its values come from and go to, and what they looked like in the newest training set. */
export function featureTemplate(view: FeatureView, host: Host): TemplateResult {
  const place = `${view.defined.file}:${view.defined.line + 1}`;
  const { send } = host;
  return html`<h2>${view.view}.${view.name}</h2>
    <p>${view.description ?? nothing}</p>
    <dl>
      <dt>Type</dt>
      <dd><code>${view.type}</code></dd>
      <dt>Meaning</dt>
      <dd class="meaning">${view.meaning}</dd>
      <dt>Owner</dt>
      <dd>${view.owner ?? "–"}</dd>
      <dt>Defined</dt>
      <dd>
        ${send === undefined ? place : html`<button @click=${() => send({ type: "open-definition", ...view.defined })}>${place}</button>`}
      </dd>
    </dl>
    <h3>Lineage</h3>
    ${lineage(view)}
    <h3>Distribution in training</h3>
    ${
      view.distribution === null
        ? html`<p class="muted">
            No training set holds this feature yet. Make one with <code>skewproof training-set</code> or
            <code>skewproof run</code>.
          </p>`
        : distribution(view.name, view.distribution)
    }`;
}

function lineage(view: FeatureView): TemplateResult {
  const readers = [
    ...view.usedBy.map((name) => ({ name, kind: "feature" })),
    ...view.services.map((name) => ({ name, kind: "service" })),
    ...view.models.map((name) => ({ name, kind: "model" })),
  ];
  return html`<div class="lineage">
    <ul aria-label="Reads">
      ${view.reads.length === 0 ? html`<li class="muted">nothing</li>` : view.reads.map((name) => html`<li>${name}<small>column</small></li>`)}
    </ul>
    <span class="arrow" aria-hidden="true">→</span>
    <div class="self">${view.name}</div>
    <span class="arrow" aria-hidden="true">→</span>
    <ul aria-label="Read by">
      ${readers.length === 0 ? html`<li class="muted">nobody</li>` : readers.map(({ name, kind }) => html`<li>${name}<small>${kind}</small></li>`)}
    </ul>
  </div>`;
}

function distribution(name: string, at: Distribution): TemplateResult {
  const { numeric, categorical, nulls } = at.column;
  const facts =
    numeric === undefined
      ? [["distinct", number(categorical?.distinct)]]
      : [
          ["mean", number(numeric.mean)],
          ["standard deviation", number(numeric.stddev)],
          ["least", number(numeric.min)],
          ["greatest", number(numeric.max)],
        ];
  const all = [["rows", at.rows.toLocaleString("en-US")], ["null", percent(nulls / Math.max(1, at.rows))], ...facts];
  const says = `Distribution of ${name}: ${all.map((pair) => pair.join(" ")).join(", ")}.`;
  return html`${chart(distributionChart(name, at, themeColors), says)}
    <dl>
      ${all.map(
        ([label, value]) =>
          html`<dt>${label}</dt>
            <dd>${value}</dd>`,
      )}
      <dt>as of</dt>
      <dd>${at.asOf}, <code>${at.file}</code></dd>
    </dl>`;
}
