import type { TopLevelSpec } from "vega-lite";

import type { FeatureDrift } from "../drift/drift-report.js";
import { binLabels } from "../profiles/bin-labels.js";
import type { Distribution, View } from "./view.js";

/** Colours of one theme. Reference and current are told apart by blue and orange (safe for colour-blind readers) and by outline. */
export interface ChartColors {
  readonly background: string;
  readonly text: string;
  readonly grid: string;
  readonly reference: string;
  readonly current: string;
}

export const lightColors: ChartColors = {
  background: "#ffffff",
  text: "#1f2328",
  grid: "#d8dee4",
  reference: "#0072b2",
  current: "#b35900",
};

const frame = (colors: ChartColors) => ({
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  background: colors.background,
  config: {
    view: { stroke: null },
    axis: {
      labelColor: colors.text,
      titleColor: colors.text,
      gridColor: colors.grid,
      domainColor: colors.grid,
      tickColor: colors.grid,
    },
    title: { color: colors.text, anchor: "start" as const, fontSize: 13 },
    legend: { labelColor: colors.text, titleColor: colors.text },
  },
});

/** Shares of the reference and the current rows in each bin of one feature. */
export function driftChart({ feature, bins }: FeatureDrift, colors: ChartColors): TopLevelSpec {
  const values = bins.flatMap(({ label, reference, current }) => [
    { bin: label, rows: "reference", share: reference },
    { bin: label, rows: "current", share: current },
  ]);
  return {
    ...frame(colors),
    title: feature,
    width: 520,
    height: 200,
    data: { values },
    mark: { type: "bar", strokeWidth: 1.5 },
    encoding: {
      x: { field: "bin", type: "nominal", sort: null, title: null, axis: { labelAngle: -35 } },
      xOffset: { field: "rows", sort: ["reference", "current"] },
      y: { field: "share", type: "quantitative", title: "share of rows", axis: { format: "%" } },
      stroke: {
        field: "rows",
        scale: { domain: ["reference", "current"], range: [colors.reference, colors.current] },
        title: null,
      },
      fill: {
        field: "rows",
        scale: { domain: ["reference", "current"], range: ["transparent", colors.current] },
        title: null,
      },
    },
  };
}

/** Shares of rows in each bin of one column, nulls last. */
export function distributionChart(
  title: string,
  { column, rows }: Pick<Distribution, "column" | "rows">,
  colors: ChartColors,
): TopLevelSpec {
  const { numeric, categorical } = column;
  const bins =
    numeric !== undefined
      ? binLabels(numeric.edges).map((bin, index) => ({ bin, count: numeric.counts[index] ?? 0 }))
      : [
          ...(categorical?.values ?? []).map(({ value, count }) => ({ bin: value, count })),
          { bin: "other", count: categorical?.other ?? 0 },
        ];
  return {
    ...frame(colors),
    title,
    width: 520,
    height: 200,
    data: {
      values: [...bins, { bin: "null", count: column.nulls }].map((one) => ({ ...one, share: one.count / Math.max(1, rows) })),
    },
    mark: { type: "bar", fill: colors.reference },
    encoding: {
      x: { field: "bin", type: "nominal", sort: null, title: null, axis: { labelAngle: -35 } },
      y: { field: "share", type: "quantitative", title: "share of rows", axis: { format: "%" } },
    },
  };
}

/** The picture of a view: of drift, its most drifted feature. Null where there is none. */
export function viewChart(view: View, colors: ChartColors): TopLevelSpec | null {
  if (view.kind === "feature" && view.distribution !== null) return distributionChart(view.name, view.distribution, colors);
  const first = view.kind === "drift" ? view.report.features[0] : undefined;
  return first === undefined ? null : driftChart(first, colors);
}
