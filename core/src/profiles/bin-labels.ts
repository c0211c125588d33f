/** How the bins of a numeric profile are named: up to the first edge, between edges, above the last. One more than edges. */
export function binLabels(edges: readonly number[]): string[] {
  const text = (edge: number | undefined): string => (edge === undefined ? "" : String(Number(edge.toPrecision(4))));
  return Array.from({ length: edges.length + 1 }, (_, bin) =>
    bin === 0
      ? `≤ ${text(edges[0])}`
      : bin === edges.length
        ? `> ${text(edges.at(-1))}`
        : `${text(edges[bin - 1])} – ${text(edges[bin])}`,
  );
}
