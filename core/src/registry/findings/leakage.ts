import { columnsUsed } from "../../expressions/columns-used.js";
import type { Column, ValueType } from "../../values/value-type.js";
import type { Pipeline, PipelineInput, Source } from "../bound-project.js";
import { labelsKey } from "../source-facts.js";
import { featureViews, meaningPath, type Findings } from "./context.js";

/** Labels as a pipeline reads them, and their columns that nobody could give at the label's time. */
interface Outcomes {
  readonly pipeline: Pipeline;
  readonly input: PipelineInput;
  readonly name: string;
  readonly columns: readonly Column[];
  /** Neither key, nor time, nor request column of the service. */
  readonly outcomes: ReadonlySet<string>;
}

/** A feature or request column that tells what is to be predicted, or what was not known at its moment. */
export function leakageFindings(findings: Findings): void {
  const all = outcomesOf(findings);
  labelsAsFeatures(findings, all);
  labelsAsRequest(findings, all);
  laterThanEvent(findings);
}

function outcomesOf({ project, labels }: Findings): Outcomes[] {
  return [...project.pipelines.values()].flatMap((pipeline) =>
    Object.entries(pipeline.inputs).flatMap(([name, input]): Outcomes[] => {
      const columns = labels.get(placeOf(input));
      if (columns === undefined) return [];
      const known = new Set([input.time, ...[...input.service.keys, ...input.service.request].map((column) => column.name)]);
      const outcomes = new Set(columns.map((column) => column.name).filter((column) => !known.has(column)));
      return [{ pipeline, input, name, columns, outcomes }];
    }),
  );
}

const placeOf = ({ labels }: PipelineInput): string => labelsKey("path" in labels ? labels.path : labels);

/** Whether a source's rows are the very rows of the labels. */
function isSameData({ location }: Source, { labels }: PipelineInput): boolean {
  if ("path" in labels) return location.kind === "path" && plain(location.path) === plain(labels.path);
  return location.kind === "query" && location.sql.trim() === labels.sql.trim();
}
const plain = (path: string): string => path.replace(/^(\.\/)+/, "");

/**
 * The latest row at a label's own time is the label's row, where its source is the labels' file with the labels' time
 * (or none) as event time, and nothing says that it became known later. A window ends before its own moment, and a
 * refresh before it began, so neither sees it.
 */
function labelsAsFeatures(findings: Findings, all: readonly Outcomes[]): void {
  for (const { input, pipeline, outcomes } of all)
    for (const { view, feature } of input.service.features) {
      if (view.kind !== "feature_view" || feature.kind !== "row" || view.refresh !== undefined) continue;
      const { source } = view;
      if (source.knownAt !== undefined || !isSameData(source, input)) continue;
      if (source.eventTime !== undefined && source.eventTime !== input.time) continue;
      const at = findings.documentOf("feature_view", view.name);
      for (const column of columnsUsed(feature.expression))
        if (outcomes.has(column) && at !== undefined)
          findings.report.problem(
            at,
            meaningPath(at, feature.name),
            "label-as-feature",
            `${column} is in the labels of the pipeline ${pipeline.name}, and the latest row at a label's time is that label's own: if ${column} is the outcome, the feature tells it. Aggregate it over a window, declare when it became known with \`known_at\`, or remove it.`,
          );
    }
}

const outcomeName = /^(label|target|outcome|ground_truth|y|y_true)$|^(label|target)_|_(label|target|outcome)$/;

/**
 * A request column is an outcome where its name says so, where it is all that another pipeline over the same labels has
 * left to predict, or where it leaves nothing to predict.
 */
function labelsAsRequest(findings: Findings, all: readonly Outcomes[]): void {
  const told = new Set<string>();
  const predicts = ({ pipeline }: Outcomes): boolean =>
    Object.values(pipeline.outputs).some((output) => output.kind === "model" && output.model.task !== "embedding");
  for (const one of all) {
    const { input, name, pipeline, columns, outcomes } = one;
    const nothingLeft = predicts(one) && outcomes.size === 0;
    for (const column of input.service.request) {
      if (!columns.some((one) => one.name === column.name)) continue;
      const other = all.find(
        (another) =>
          placeOf(another.input) === placeOf(input) &&
          predicts(another) &&
          another.outcomes.size === 1 &&
          another.outcomes.has(column.name),
      );
      if (!outcomeName.test(column.name) && other === undefined) continue;
      for (const view of new Set(input.service.features.map((one) => one.view))) {
        if (view.kind !== "on_demand_view" || !view.request.some((one) => one.name === column.name)) continue;
        const at = findings.documentOf("on_demand_view", view.name);
        const id = `${view.name}.${column.name}`;
        if (at === undefined || told.has(id)) continue;
        told.add(id);
        const why =
          other === undefined
            ? `by its name, what the pipeline ${pipeline.name} predicts`
            : `what the pipeline ${other.pipeline.name} predicts from the same labels`;
        findings.report.problem(
          at,
          ["request", column.name],
          "label-as-request",
          `${column.name} is ${why}; no caller knows it when a prediction is asked for. Remove it from \`request\`.`,
        );
      }
    }
    const at = findings.documentOf("pipeline", pipeline.name);
    if (nothingLeft && at !== undefined && input.service.request.length > 0)
      findings.report.problem(
        at,
        ["inputs", name, "labels"],
        "label-as-request",
        `Every column of these labels is a key, the time or a request column of ${input.service.name}, so that nothing is left to predict: one of the request columns (${input.service.request.map((one) => one.name).join(", ")}) must be the outcome.`,
      );
  }
}

/** Names of columns that hold when a row reached the data, and not when it happened. */
const arrival =
  /^_?(date_?)?(loaded|ingested|inserted|arrived|received|created|updated|modified|recorded|processed|available|known|synced|extracted)(_?(at|on|ts|time|date|timestamp))$|^_?(load|ingestion|ingest|insert|arrival|etl|update|creation)_?(ts|time|date|timestamp)$/;
/** Names of times that are set ahead of the event: nothing of the future is told by them. */
const ahead =
  /sched|plan|expect|due|expir|valid|until|deadline|estimat|target|effective|renew|start|begin|end|next|slot|appointment|booked_for/;

/** Times in a row that say when it arrived, or that lie after it happened. */
function laterThanEvent(findings: Findings): void {
  const { project, sources, report, documentOf } = findings;
  const read = new Set([...project.views.values()].flatMap((view) => (view.kind === "feature_view" ? [view.source.name] : [])));
  for (const source of project.sources.values()) {
    if (source.eventTime === undefined || source.knownAt !== undefined || !read.has(source.name)) continue;
    const found = source.columns?.find(
      ({ name, type }) => name !== source.eventTime && type.kind === "timestamp" && arrival.test(name),
    );
    const at = documentOf("source", source.name);
    if (found !== undefined && at !== undefined)
      report.problem(
        at,
        ["event_time"],
        "arrival-time-unused",
        `${found.name} looks like the time at which a row arrived. If rows arrive later than ${source.eventTime}, declare \`known_at: ${found.name}\`, so that training sees only what was there.`,
        { lineBefore: "event_time", line: `known_at: ${found.name}` },
      );
  }
  for (const [view, at] of featureViews(findings)) {
    const { source } = view;
    const times = new Set(source.columns?.flatMap(({ name, type }) => (name !== source.eventTime && isTime(type) ? [name] : [])));
    if (source.eventTime === undefined || times.size === 0) continue;
    const facts = sources.get(source.name);
    const later = typeof facts === "object" ? facts.later : undefined;
    for (const feature of view.features)
      for (const column of columnsUsed(feature.kind === "row" ? feature.expression : feature.aggregate)) {
        if (!times.has(column)) continue;
        const path = meaningPath(at, feature.name);
        const share = later?.[column] ?? 0;
        if (column === source.knownAt || arrival.test(column))
          report.problem(
            at,
            path,
            "arrival-time-as-feature",
            `${column} is when a row arrived. Where history was loaded later, it is another time than it was live. Use ${source.eventTime}, or make sure that history keeps the first arrival.`,
          );
        else if (source.knownAt === undefined && share > 0 && !ahead.test(column))
          report.problem(
            at,
            path,
            "later-than-event",
            `In ${(100 * share).toPrecision(2)} % of the rows ${column} lies after ${source.eventTime}: at that moment nobody knew it. Declare the column that says when a row became known as \`known_at\` of ${source.name}.`,
          );
      }
  }
}

const isTime = ({ kind }: ValueType): boolean => kind === "timestamp" || kind === "date";
