import type { ChartColors } from "skewproof/views/chart";
import type { TopLevelSpec } from "vega-lite";

/** Colours by name: a change of theme needs no new drawing. */
export const themeColors: ChartColors = {
  background: "transparent",
  text: "var(--skewproof-text)",
  grid: "var(--skewproof-line)",
  reference: "var(--skewproof-reference)",
  current: "var(--skewproof-current)",
};

/** Draws a chart as SVG, without eval: expressions are interpreted, so that a strict content security policy holds. */
export async function drawChart(element: HTMLElement, spec: TopLevelSpec): Promise<() => void> {
  const [vega, { compile }, { expressionInterpreter }] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("vega-interpreter"),
  ]);
  const runtime = vega.parse(compile(spec).spec, undefined, { ast: true });
  const view = new vega.View(runtime, { renderer: "svg", container: element, hover: false, expr: expressionInterpreter });
  await view.runAsync();
  return () => view.finalize();
}
