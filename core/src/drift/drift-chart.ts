import type { FeatureDrift } from "./drift-report.js";

/** A Vega-Lite specification of one feature's two distributions: bars side by side, in order of the bins. */
export function driftChart(feature: FeatureDrift): object {
  const values = feature.bins.flatMap(({ label, reference, current }) => [
    { bin: label, data: "reference", share: reference },
    { bin: label, data: "current", share: current },
  ]);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `Distribution of ${feature.feature}: reference against current.`,
    title: feature.feature,
    width: 480,
    height: 180,
    data: { values },
    mark: "bar",
    encoding: {
      x: { field: "bin", type: "nominal", sort: null, title: null, axis: { labelAngle: -40 } },
      xOffset: { field: "data", sort: ["reference", "current"] },
      y: { field: "share", type: "quantitative", title: "share of rows", axis: { format: ".0%" } },
      // Blue and orange of Okabe and Ito: told apart by every kind of colour vision.
      color: {
        field: "data",
        type: "nominal",
        title: null,
        scale: { domain: ["reference", "current"], range: ["#0072b2", "#e69f00"] },
      },
      tooltip: [{ field: "data" }, { field: "bin" }, { field: "share", format: ".1%" }],
    },
  };
}
