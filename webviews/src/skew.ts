import { html, nothing, type TemplateResult } from "lit";
import { skewCauses, type FeatureSkew, type SkewCause, type SkewExample, type SkewReport } from "skewproof/skew/skew-report";
import { causeWords, rateText, skewRemarks, skewSentence } from "skewproof/skew/skew-text";
import type { SkewView } from "skewproof/views/view";

import type { Host } from "./host.js";

/** What is looked at: values of one cause, of one feature, and which of their examples. */
export interface SkewChoice {
  readonly cause?: SkewCause;
  readonly feature?: string;
  readonly example?: number;
}

type Choose = (choice: SkewChoice) => void;

interface Shown {
  readonly feature: FeatureSkew;
  readonly example: SkewExample;
}

/** Skew by cause and feature, and of one value both whole rows side by side. */
export function skewTemplate(view: SkewView, host: Host, choice: SkewChoice, choose: Choose): TemplateResult {
  const { report } = view;
  const isChosen = ({ causes }: FeatureSkew): boolean => (choice.cause === undefined ? true : (causes[choice.cause] ?? 0) > 0);
  const wrong = report.features.filter(({ different }) => different > 0);
  const examples = wrong.flatMap((feature) =>
    feature.examples
      .filter(({ cause }) => choice.cause === undefined || cause === choice.cause)
      .filter(() => choice.feature === undefined || choice.feature === feature.feature)
      .map((example): Shown => ({ feature, example })),
  );
  const remarks = skewRemarks(report);
  const equal = report.features.filter(({ different, compared }) => different === 0 && compared > 0);
  return html`<h2>Skew of ${report.service}</h2>
    <p class="muted">${skewSentence(report)}</p>
    ${
      remarks.length === 0
        ? nothing
        : html`<ul class="remarks">
            ${remarks.map((remark) => html`<li>${remark}</li>`)}
          </ul>`
    }
    ${host.send === undefined ? nothing : again(report, host)} ${wrong.length === 0 ? nothing : chips(report, choice, choose)}
    ${wrong.length === 0 ? nothing : featureTable(wrong.filter(isChosen), choice, choose)}
    ${examples.length === 0 ? nothing : exampleOf(report, examples, choice, choose)}
    ${
      equal.length === 0
        ? nothing
        : html`<details ?open=${wrong.length === 0}>
            <summary>${equal.length === 1 ? "1 feature is" : `${equal.length} features are`} equal in every row</summary>
            <p class="names">${equal.map(({ feature }) => html`<code>${feature}</code> `)}</p>
          </details>`
    }`;
}

function again(report: SkewReport, host: Host): TemplateResult {
  const run = (): void => host.send?.({ type: "run-skew", service: report.service });
  return html`<p><button class="act" @click=${run}>Check again</button></p>`;
}

function chips(report: SkewReport, choice: SkewChoice, choose: Choose): TemplateResult {
  const chip = (cause: SkewCause | undefined, words: string, count: number): TemplateResult =>
    html`<button
      class="chip"
      aria-pressed=${choice.cause === cause ? "true" : "false"}
      @click=${() => choose(cause === undefined ? {} : { cause })}
    >
      ${words} <span class="count">${count}</span>
    </button>`;
  const counts = skewCauses.flatMap((cause) => {
    const count = report.causes[cause];
    return count === undefined ? [] : [{ cause, count }];
  });
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  return html`<div class="chips" role="group" aria-label="Values that differ, by cause">
    ${chip(undefined, "all causes", all)} ${counts.map(({ cause, count }) => chip(cause, causeWords[cause], count))}
  </div>`;
}

function featureTable(features: readonly FeatureSkew[], choice: SkewChoice, choose: Choose): TemplateResult {
  const { cause } = choice;
  const row = ({ feature, compared, different, rate, causes }: FeatureSkew): TemplateResult =>
    html`<tr aria-current=${choice.feature === feature ? "true" : "false"}>
      <th scope="row">
        <button @click=${() => choose({ ...(cause === undefined ? {} : { cause }), feature })}>${breakable(feature)}</button>
      </th>
      <td class="number">${compared}</td>
      <td class="number">${different}</td>
      <td class="number">${rateText(rate)}</td>
      <td>
        ${skewCauses.flatMap((one) => (causes[one] === undefined ? [] : [html`<span class="cause">${causeWords[one]} ${causes[one]}</span> `]))}
      </td>
    </tr>`;
  return html`<div class="scroll">
    <table class="skew-features">
      <thead>
        <tr>
          <th scope="col">Feature</th>
          <th scope="col" class="number">Compared</th>
          <th scope="col" class="number">Different</th>
          <th scope="col" class="number">Rate (95 % interval)</th>
          <th scope="col">Causes</th>
        </tr>
      </thead>
      <tbody>
        ${features.map(row)}
      </tbody>
    </table>
  </div>`;
}

/** A name that may be broken after its underscores, and not within its words. */
const breakable = (name: string): TemplateResult[] => name.split(/(?<=_)/).map((part) => html`${part}<wbr />`);

const show = (value: unknown): string =>
  value === null || value === undefined ? "null" : typeof value === "string" ? value : JSON.stringify(value);

function pairs(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${show(value)}`)
    .join(", ");
}

function exampleOf(report: SkewReport, examples: readonly Shown[], choice: SkewChoice, choose: Choose): TemplateResult {
  const index = Math.min(choice.example ?? 0, examples.length - 1);
  const shown = examples[index];
  const row = shown && report.rows[shown.example.row];
  if (shown === undefined || row === undefined) return html``;
  const { feature, example } = shown;
  const step = (by: number): void => choose({ ...choice, example: (index + by + examples.length) % examples.length });
  const fact = (name: string, text: string): TemplateResult | typeof nothing =>
    text === ""
      ? nothing
      : html`<dt>${name}</dt>
          <dd>${text}</dd>`;
  const cells = (name: string): TemplateResult => {
    const differs = row.different.includes(name);
    const kind = `value${differs ? " differs" : ""}`;
    return html`<tr aria-current=${name === feature.feature ? "true" : "false"}>
      <th scope="row">${differs ? html`<span class="mark" aria-hidden="true">≠</span>` : nothing}${breakable(name)}</th>
      <td class=${kind}>${show(row.served[name])}</td>
      <td class=${kind}>${show(row.recomputed[name])}</td>
      <td class="extra">${row.statuses[name] ?? ""}</td>
      <td class="extra">${row.eventTimes[name] ?? ""}</td>
    </tr>`;
  };
  return html`<section aria-labelledby="skew-example">
    <h3 id="skew-example">${feature.feature}: ${causeWords[example.cause]}</h3>
    <p>${example.because}</p>
    <dl>
      ${fact("served at", row.at)} ${fact("entity", pairs(row.entities))} ${fact("request", pairs(row.request))}
      ${fact("model", row.model === null ? "" : `${row.model}@${row.version ?? "?"}`)}
      ${fact("request id", `${row.requestId}, row ${row.row}`)}
    </dl>
    ${
      examples.length === 1
        ? nothing
        : html`<p class="steps">
            <button class="act" aria-label="Previous example" @click=${() => step(-1)}>←</button>
            Example ${index + 1} of ${examples.length}
            <button class="act" aria-label="Next example" @click=${() => step(1)}>→</button>
          </p>`
    }
    <div class="scroll">
      <table class="sides">
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Served</th>
            <th scope="col">Recomputed</th>
            <th scope="col" class="extra">Status</th>
            <th scope="col" class="extra">Event time</th>
          </tr>
        </thead>
        <tbody>
          ${Object.keys(row.served).map(cells)}
        </tbody>
      </table>
    </div>
  </section>`;
}
