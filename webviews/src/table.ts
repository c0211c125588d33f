import { html, type TemplateResult } from "lit";
import { viewTable } from "skewproof/views/view-table";
import type { View } from "skewproof/views/view";

const isNumber = (cell: string): boolean => /^-?[\d.]+( %)?$|^–$/.test(cell);

/** Any view as its sentence and its table. */
export function tableView(view: View): TemplateResult {
  const { title, sentence, head, rows } = viewTable(view);
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => isNumber(row[column] ?? "")));
  const kind = (column: number): string => (numeric[column] === true ? "number" : "");
  return html`<h2>${title}</h2>
    <p class="muted">${sentence}</p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            ${head.map((cell, column) => html`<th scope="col" class=${kind(column)}>${cell}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((cell, column) => html`<td class=${kind(column)}>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
