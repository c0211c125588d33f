import { html, nothing, type TemplateResult } from "lit";
import type { FeaturesView } from "skewproof/views/view";

import type { Host } from "./host.js";

const holds = (text: string, ...parts: (string | null)[]): boolean =>
  parts.some((part) => part?.toLowerCase().includes(text) === true);

/** Every feature by view, with a filter; `filter` is what is written in it. */
export function featuresTemplate(
  view: FeaturesView,
  host: Host,
  filter: string,
  refilter: (text: string) => void,
): TemplateResult {
  const text = filter.trim().toLowerCase();
  const views = view.views
    .map((one) => ({
      ...one,
      features: holds(text, one.name, one.owner, one.description)
        ? one.features
        : one.features.filter(({ name, description, meaning }) => holds(text, name, description, meaning)),
    }))
    .filter(({ features }) => features.length > 0);
  const { send } = host;
  const name = (viewName: string, feature: string): TemplateResult =>
    send === undefined
      ? html`${feature}`
      : html`<button @click=${() => send({ type: "open-feature", view: viewName, feature })}>${feature}</button>`;
  const services =
    send === undefined
      ? nothing
      : view.services.map(
          (service) =>
            html`<div class="service">
              <span>Service <strong>${service.name}</strong> <span class="muted">${service.owner ?? ""}</span></span>
              <button class="act" @click=${() => send({ type: "run-skew", service: service.name })}>Run Skew Check</button>
            </div>`,
        );
  return html`<h2>Features of ${view.project}</h2>
    ${services}
    <input
      type="search"
      aria-label="Filter features"
      placeholder="Filter by name, description or owner"
      .value=${filter}
      @input=${(event: InputEvent) => refilter((event.target as HTMLInputElement).value)}
    />
    ${views.length === 0 ? html`<p class="muted">${empty(view, filter)}</p>` : nothing}
    ${views.map(
      (one) =>
        html`<section>
          <h3>${one.name}${one.owner === null ? nothing : html` <span class="muted">${one.owner}</span>`}</h3>
          ${one.description === null ? nothing : html`<p class="muted">${one.description}</p>`}
          <div class="scroll">
            <table class="features">
              <thead>
                <tr>
                  <th scope="col">Feature</th>
                  <th scope="col">Type</th>
                  <th scope="col">Meaning</th>
                  <th scope="col">Read by</th>
                </tr>
              </thead>
              <tbody>
                ${one.features.map(
                  (feature) =>
                    html`<tr>
                      <th scope="row">${name(one.name, feature.name)}</th>
                      <td><code>${feature.type}</code></td>
                      <td class="meaning">${feature.meaning}</td>
                      <td>${feature.models.join(", ") || "–"}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>
        </section>`,
    )}`;
}

const empty = (view: FeaturesView, filter: string): string =>
  view.views.length === 0
    ? "This project defines no feature views yet. Write one in definitions/, or begin with `skewproof init`."
    : `No feature holds “${filter}”.`;
