import { skewCauses, type CauseCounts, type Rate, type SkewReport } from "./skew-report.js";

/** Each cause in words. */
export const causeWords: Readonly<Record<(typeof skewCauses)[number], string>> = {
  definition_changed: "definition changed",
  expired: "expired",
  stale_materialization: "stale materialization",
  late_data: "late data",
  numeric_tolerance: "numeric tolerance",
  changed_source: "changed source",
  missing_online: "missing online",
  missing_offline: "missing offline",
  unexplained: "unexplained",
};

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
/** Two decimals, or the first digit that is one. */
const hundredths = (share: number): string =>
  share === 0 || share >= 0.0001 ? (100 * share).toFixed(2) : String(Number((100 * share).toPrecision(1)));
const percent = (share: number): string => `${hundredths(share)} %`;

/** `0.40 % (0.07–2.23 %)`: the share and its 95 % interval. */
export function rateText(rate: Rate | null): string {
  if (rate === null) return "–";
  return `${percent(rate.rate)} (${hundredths(rate.low)}–${percent(rate.high)})`;
}

export function causesText(causes: CauseCounts): string {
  return skewCauses.flatMap((cause) => (causes[cause] === undefined ? [] : [`${causeWords[cause]} ${causes[cause]}`])).join(", ");
}

/** What one should know of the log beside the comparison, a sentence each. */
export function skewRemarks({ samples, notLogged, unreadable, incomparable, otherDefinitions }: SkewReport): string[] {
  const share = samples[0];
  const sampled =
    share === undefined || share >= 1
      ? []
      : samples.length === 1
        ? [`The log is a sample: ${percent(share)} of the entities, each with all of its rows.`]
        : [`Parts of the log are samples: ${samples.map(percent).join(", ")} of the entities.`];
  const some = (count: number, sentence: string): string[] => (count === 0 ? [] : [sentence]);
  return [
    ...sampled,
    ...some(notLogged, `${plural(notLogged, "served row")} could not be logged and can never be compared.`),
    ...some(unreadable, `${plural(unreadable, "line")} of the log could not be read.`),
    ...some(incomparable, `${plural(incomparable, "row")} asked with other keys or request columns cannot be compared.`),
    ...some(otherDefinitions, `${plural(otherDefinitions, "row")} served under other definitions than the present ones.`),
  ];
}

export function skewSentence(report: SkewReport): string {
  if (report.compared === 0 && report.incomparable === 0)
    return report.samples.length === 0
      ? `Nothing was served from ${report.service} yet. Start a sidecar with skewproof serve, send it requests, and check again.`
      : `Nothing was served from ${report.service} in the time asked for.`;
  const wrong = report.features.filter(({ different }) => different > 0).length;
  return `Training and serving differ in ${wrong} of ${plural(report.features.length, "feature")}: ${plural(report.compared, "served row")} compared, ${report.equal} equal, ${report.different} different${report.asOf === null ? "" : `, until ${report.asOf}`}.`;
}

/** The report for a terminal: the features that differ by cause, then one example of each feature and cause. */
export function skewText(report: SkewReport): string {
  const wrong = report.features.filter(({ different }) => different > 0);
  const lines = [skewSentence(report), ...skewRemarks(report)];
  if (wrong.length === 0) return lines.join("\n");
  const head = ["feature", "compared", "different", "rate (95 % interval)", "causes"];
  const rows = wrong.map(({ feature, compared, different, rate, causes }) => [
    feature,
    String(compared),
    String(different),
    rateText(rate),
    causesText(causes),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  lines.push("", ...[head, ...rows].map(line));
  for (const { feature, examples } of wrong)
    for (const one of examples.filter(({ cause }, index) => examples.findIndex((other) => other.cause === cause) === index)) {
      const row = report.rows[one.row];
      lines.push(
        "",
        `${feature}, ${causeWords[one.cause]}: served ${JSON.stringify(one.served)}, recomputed ${JSON.stringify(one.recomputed)} at ${row?.at ?? "?"} for ${JSON.stringify(row?.entities)}`,
        `  ${one.because}`,
      );
    }
  return lines.join("\n");
}
