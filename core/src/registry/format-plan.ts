import type { Change } from "./plan.js";

const signs = { added: "+", changed: "~", removed: "-" } as const;
const titles = { breaking: "Breaking", risky: "Risky", safe: "Safe" } as const;

/** The changes for people, breaking ones first. A view's own features are not repeated under a view that came or went. */
export function formatChanges(changes: readonly Change[]): string {
  const whole = new Set(changes.flatMap((one) => (one.change !== "changed" && one.id.startsWith("view ") ? [viewKey(one)] : [])));
  const features = new Map<string, number>();
  for (const change of changes)
    if (change.id.startsWith("feature ")) features.set(viewKey(change), (features.get(viewKey(change)) ?? 0) + 1);
  return (["breaking", "risky", "safe"] as const)
    .flatMap((impact) => {
      const shown = changes.filter(
        (change) => change.impact === impact && !(change.id.startsWith("feature ") && whole.has(viewKey(change))),
      );
      const lines = shown.map((change) =>
        formatChange(change, whole.has(viewKey(change)) ? features.get(viewKey(change)) : undefined),
      );
      return shown.length === 0 ? [] : [[titles[impact], ...lines].join("\n")];
    })
    .join("\n\n");
}

/** The view of a change of a view or feature, and what happened. */
const viewKey = ({ id, change }: Change): string => `${change} ${(id.split(" ")[1] ?? "").split(".")[0] ?? ""}`;

function formatChange({ id, change, details, breaks, approvals }: Change, features: number | undefined): string {
  const count = features === undefined || !id.startsWith("view ") ? "" : ` with ${features} feature${features === 1 ? "" : "s"}`;
  const lines = [
    ...details.map(({ what, from, to }) => [what, `${from ?? "(nothing)"} → ${to ?? "(nothing)"}`]),
    ...(breaks.length === 0 ? [] : [["reaches", breaks.join(", ")]]),
    ...(approvals.length === 0 ? [] : [["needs", `approval of ${approvals.join(", ")}`]]),
  ];
  const width = Math.max(0, ...lines.map(([label = ""]) => label.length));
  return [
    `  ${signs[change]} ${id}${count}`,
    ...lines.map(([label = "", text = ""]) => `      ${label.padEnd(width)}  ${text}`),
  ].join("\n");
}
