import { SkewproofError } from "../errors.js";
import { didYouMean } from "../values/nearest-name.js";
import type { BoundProject } from "./bound-project.js";
import type { ModelReader } from "./dependents.js";

const kinds = ["view", "source", "service", "model", "entity", "pipeline", "monitor"] as const;

/**
 * The id that a reference means: `spending`, `spending.spent_7d`, `orders.amount`, `churn@3`, `churn@latest`, or an id as
 * `plan` prints it, such as `model churn`. A name of several kinds is the first of view, source, service, model.
 * Throws `usage` with the nearest name.
 */
export function resolveReference(project: BoundProject, versions: readonly ModelReader[], reference: string): string {
  const [first = "", second] = reference.trim().split(/\s+/, 2);
  const candidates = namesOf(project, versions);
  const wanted = second === undefined ? reference.trim() : second;
  const name = wanted.endsWith("@latest") ? latest(wanted.slice(0, -"@latest".length), versions) : wanted;
  const ids = candidates.get(name) ?? [];
  const id = second === undefined ? ids[0] : ids.find((one) => one.startsWith(`${first} `));
  if (id !== undefined) return id;
  throw new SkewproofError("usage", `Nothing here is named ${reference}.${didYouMean(name, candidates.keys())}`);
}

function latest(model: string, versions: readonly ModelReader[]): string {
  const numbers = versions.filter((one) => one.model === model).map(({ version }) => Number(version));
  return `${model}@${numbers.length === 0 ? "latest" : Math.max(...numbers)}`;
}

/** The ids of each name, in the order in which they are meant. */
function namesOf(project: BoundProject, versions: readonly ModelReader[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  const add = (name: string, id: string): void => {
    const known = ids.get(name);
    if (known === undefined) ids.set(name, [id]);
    else known.push(id);
  };
  const all = {
    view: project.views,
    source: project.sources,
    service: project.services,
    model: project.models,
    entity: project.entities,
    pipeline: project.pipelines,
    monitor: project.monitors,
  } as const;
  for (const kind of kinds) for (const name of all[kind].keys()) add(name, `${kind} ${name}`);
  for (const view of project.views.values())
    for (const { name } of view.features) add(`${view.name}.${name}`, `feature ${view.name}.${name}`);
  for (const source of project.sources.values())
    for (const { name } of source.columns ?? []) add(`${source.name}.${name}`, `column ${source.name}.${name}`);
  for (const { model, version } of versions) add(`${model}@${version}`, `version ${model}@${version}`);
  return ids;
}
