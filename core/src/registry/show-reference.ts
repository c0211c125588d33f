import type { BoundProject } from "./bound-project.js";
import type { ModelReader } from "./dependents.js";
import { describeReference, type Description } from "./describe-reference.js";
import { lineageOf } from "./lineage-of.js";
import { resolveReference } from "./resolve-reference.js";
import { snapshotEntries } from "./snapshot.js";

const consumers = ["service", "model", "version", "pipeline", "monitor"];

/** What `show` says of a reference: itself, its lineage up and down, whom it concerns. Throws `usage` for an unknown name. */
export function showReference(project: BoundProject, versions: readonly ModelReader[], reference: string): Description {
  const id = resolveReference(project, versions, reference);
  const { document, text } = describeReference(project, id, versions);
  const entries = snapshotEntries(project);
  const snapshot = { format: 1, project: project.name, definitions: project.digest, entries } as const;
  const { upstream, downstream, owners } = lineageOf(id, snapshot, versions);
  const isConsumer = (one: string): boolean => consumers.includes(one.slice(0, one.indexOf(" ")));
  const lineage = { id, upstream, downstream, consumers: downstream.filter(isConsumer), owners };
  const blocks = [
    block("Made of", upstream),
    block(
      "Read by",
      downstream.filter((one) => !isConsumer(one)),
    ),
    block("Consumers", lineage.consumers),
    Object.keys(owners).length === 0
      ? ""
      : ["Owners", ...Object.entries(owners).map(([owner, of]) => `  ${owner}: ${of.join(", ")}`)].join("\n"),
  ];
  return { document: { ...document, lineage }, text: [text, ...blocks.filter((one) => one !== "")].join("\n\n") };
}

/** Ids by kind, one kind a line. */
function block(title: string, ids: readonly string[]): string {
  const byKind = new Map<string, string[]>();
  for (const id of ids) {
    const [kind = "", name = ""] = id.split(" ");
    byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  }
  const width = Math.max(0, ...[...byKind.keys()].map((kind) => kind.length));
  return byKind.size === 0
    ? ""
    : [title, ...[...byKind].map(([kind, names]) => `  ${kind.padEnd(width)}  ${names.join(", ")}`)].join("\n");
}
