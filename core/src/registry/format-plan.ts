import type { Change } from "./plan.js";

const signs = { added: "+", changed: "~", removed: "-" } as const;
const titles = { breaking: "Breaking", risky: "Risky", safe: "Safe" } as const;

/** The changes for people, breaking ones first. A view's own features are not repeated under a view that came or went. */
export function formatChanges(changes: readonly Change[]): string {
  const whole = new Set(
    changes
      .filter(({ change, id }) => change !== "changed" && id.startsWith("view "))
      .map(({ change, id }) => `${change} ${id.slice(5)}`),
  );
  const folded = (change: Change): boolean =>
    change.id.startsWith("feature ") && whole.has(`${change.change} ${change.id.slice(8).split(".")[0] ?? ""}`);
  return (["breaking", "risky", "safe"] as const)
    .flatMap((impact) => {
      const shown = changes.filter((change) => change.impact === impact && !folded(change));
      return shown.length === 0 ? [] : [[titles[impact], ...shown.map((change) => formatChange(change, changes))].join("\n")];
    })
    .join("\n\n");
}

function formatChange({ id, change, details, breaks, owner, approvals }: Change, all: readonly Change[]): string {
  const features = id.startsWith("view ")
    ? all.filter((one) => one.change === change && one.id.startsWith(`feature ${id.slice(5)}.`)).length
    : 0;
  const count = change !== "changed" && features > 0 ? ` with ${features} feature${features === 1 ? "" : "s"}` : "";
  const lines = [
    ...details.map(({ what, from, to }) => [what, `${from ?? "(nothing)"} → ${to ?? "(nothing)"}`]),
    ...(breaks.length === 0 ? [] : [["reaches", breaks.join(", ")]]),
    ...(owner === null || approvals.length === 0 ? [] : [["needs", `approval of ${approvals.join(", ")}`]]),
  ];
  const width = Math.max(0, ...lines.map(([label = ""]) => label.length));
  return [
    `  ${signs[change]} ${id}${count}`,
    ...lines.map(([label = "", text = ""]) => `      ${label.padEnd(width)}  ${text}`),
  ].join("\n");
}
