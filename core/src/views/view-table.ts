import { causesText, rateText, skewRemarks, skewSentence } from "../skew/skew-text.js";
import type { View } from "./view.js";

/** A view as a sentence and a table: what text and HTML show where nothing can be drawn. */
export interface ViewTable {
  readonly title: string;
  readonly sentence: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const number = (value: number | null): string => (value === null ? "–" : value.toFixed(4));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

export function viewTable(view: View): ViewTable {
  switch (view.kind) {
    case "status": {
      const { status } = view;
      return {
        title: `Skewproof: ${status.project}`,
        sentence: `${plural(status.errors, "error")}, ${plural(status.warnings, "warning")}. %features browses; %%training_set, %drift and %skew do the work.`,
        head: ["What", "Count"],
        rows: (["views", "features", "services", "models", "jobs"] as const).map((key) => [key, String(status[key])]),
      };
    }
    case "features": {
      const text = (view.filter ?? "").toLowerCase();
      const rows = view.views.flatMap(({ name, owner, description, features }) =>
        features
          .filter((one) =>
            [name, owner, description, one.name, one.description].some((part) => part?.toLowerCase().includes(text) === true),
          )
          .map((one) => [`${name}.${one.name}`, one.type, one.meaning, one.models.join(", ")]),
      );
      return {
        title: `Features of ${view.project}`,
        sentence: `${plural(rows.length, "feature")}${text === "" ? "" : ` with “${view.filter ?? ""}”`} in ${plural(view.views.length, "view")}.`,
        head: ["Feature", "Type", "Meaning", "Read by"],
        rows,
      };
    }
    case "feature":
      return {
        title: `${view.view}.${view.name}`,
        sentence: view.description ?? view.meaning,
        head: ["What", "Value"],
        rows: [
          ["type", view.type],
          ["meaning", view.meaning],
          ["owner", view.owner ?? "–"],
          ["reads", view.reads.join(", ")],
          ["used by", [...view.usedBy, ...view.services, ...view.models].join(", ") || "–"],
          ["defined", `${view.defined.file}:${view.defined.line + 1}`],
          ...(view.distribution === null
            ? [["distribution", "no training set holds it yet"]]
            : [
                ["rows", String(view.distribution.rows)],
                ["null", percent(view.distribution.column.nulls / Math.max(1, view.distribution.rows))],
                ["as of", `${view.distribution.asOf}, ${view.distribution.file}`],
              ]),
        ],
      };
    case "drift": {
      const { features, rows } = view.report;
      const drifted = features.filter(({ verdict }) => verdict === "moderate" || verdict === "large").length;
      return {
        title: "Drift",
        sentence: `${drifted} of ${plural(features.length, "feature")} drifted: ${view.current} (${plural(rows.current, "row")}) against ${view.reference} (${plural(rows.reference, "row")}).`,
        head: ["Feature", ...(features[0]?.statistics.map(({ id }) => id) ?? []), "Drift"],
        rows: features.map(({ feature, statistics, verdict }) => [
          feature,
          ...statistics.map(({ value }) => number(value)),
          verdict,
        ]),
      };
    }
    case "skew": {
      const { report } = view;
      return {
        title: `Skew of ${report.service}`,
        sentence: [skewSentence(report), ...skewRemarks(report)].join(" "),
        head: ["Feature", "Compared", "Different", "Rate (95 % interval)", "Causes", "Example: served, recomputed"],
        rows: report.features.map(({ feature, compared, different, rate, causes, examples: [first] }) => [
          feature,
          String(compared),
          String(different),
          rateText(rate),
          causesText(causes),
          first === undefined
            ? ""
            : `${JSON.stringify(first.served)}, ${JSON.stringify(first.recomputed)} at ${report.rows[first.row]?.at ?? "?"}. ${first.because}`,
        ]),
      };
    }
    case "training_set":
      return {
        title: `Training set of ${view.manifest.service}`,
        sentence: `${view.path}: ${plural(view.manifest.rows, "row")}, ${plural(view.manifest.features.length, "feature")}; SHA-256 ${view.manifest.sha256.slice(0, 12)}….`,
        head: ["Feature", "Type", "Null"],
        rows: view.manifest.features.map((name) => [
          name,
          view.manifest.columns.find((column) => column.name === name)?.type ?? "",
          percent(view.manifest.nullShare[name] ?? 0),
        ]),
      };
    case "models":
      return {
        title: "Models",
        sentence: `${plural(view.models.length, "model")}, ${plural(
          view.models.reduce((sum, { versions }) => sum + versions.length, 0),
          "version",
        )}.`,
        head: ["Model", "Version", "Run", "Service", "Task", "Owner"],
        rows: view.models.flatMap(({ name, owner, service, task, versions }) => {
          const shown = versions.length === 0 ? [{ version: "none yet", run: null }] : versions;
          return shown.map(({ version, run }) => [name, version, run ?? "–", service, task, owner ?? "–"]);
        }),
      };
    case "deployments":
      return {
        title: "Deployments",
        sentence: `${plural(view.targets.filter(({ running }) => running !== null).length, "target")} of ${view.targets.length} answering.`,
        head: ["Target", "Kind", "Address", "Active"],
        rows: view.targets.map(({ name, kind, running }) => [
          name,
          kind,
          running?.url ?? "–",
          running === null
            ? "nothing"
            : Object.entries(running.models)
                .map(([model, version]) => `${model}@${version}`)
                .join(", "),
        ]),
      };
  }
}

export function viewText(view: View): string {
  const { title, sentence, head, rows } = viewTable(view);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [title, sentence, "", ...lines].join("\n");
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Static HTML without script or style of its own: it survives a sanitizer, nbconvert and an untrusted notebook. */
export function viewHtml(view: View): string {
  const { title, sentence, head, rows } = viewTable(view);
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<h4>${escapeHtml(title)}</h4><p>${escapeHtml(sentence)}</p><table><thead>${cells("th", head)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table>`;
}
