import { aggregateToJavascript } from "../expressions/aggregate-to-javascript.js";
import { castValue } from "../expressions/cast-in-javascript.js";
import { compileRow } from "../expressions/compile-row.js";
import { SkewproofError } from "../errors.js";
import { featureValue } from "../expressions/to-javascript.js";
import type { FeatureService, FeatureView, OnDemandView, WindowFeature } from "../registry/bound-project.js";
import { compareValues } from "../values/compare-values.js";
import type { Row, Value } from "../values/value.js";
import type { LatestVersion, OnlineStoreReader } from "./online-store.js";
import { cutOff, keyText, onlineView, type OnlineView } from "./online-view.js";

/** Feast's words for what became of a value. */
export type Status = "PRESENT" | "NULL_VALUE" | "NOT_FOUND" | "OUTSIDE_MAX_AGE";

/** In the order of the service's features. */
export interface FeatureRow {
  readonly values: readonly Value[];
  readonly statuses: readonly Status[];
  /** Of the row, or of the newest event in the window; null where there is none, and on demand. */
  readonly eventTimes: readonly (bigint | null)[];
}

export interface FeatureRequest {
  readonly entities: Row;
  readonly request: Row;
}

export interface FeatureReader {
  /** Views that must be materialized for this service. */
  readonly views: readonly OnlineView[];
  /** The service's features for each request at `t`. Unknown keys give nulls; nothing on data throws. */
  read(requests: readonly FeatureRequest[], t: bigint): FeatureRow[];
}

interface Found {
  readonly value: Value;
  readonly status: Status;
  readonly eventTime: bigint | null;
}

type ReadView = (entities: Row, t: bigint) => readonly Found[];

/** Prepares a service's read path once; `read` then only looks up and folds. Throws `usage` for features of one name. */
export function createFeatureReader(service: FeatureService, store: OnlineStoreReader): FeatureReader {
  if (service.ambiguous.length > 0)
    throw new SkewproofError(
      "usage",
      `${service.name} has several features named ${service.ambiguous.join(" and ")}, which an answer cannot tell apart. Rename one.`,
    );
  const stored = new Set<FeatureView>();
  const onDemand = new Set<OnDemandView>();
  for (const { view } of service.features)
    if (view.kind === "feature_view") stored.add(view);
    else {
      onDemand.add(view);
      for (const input of view.inputs) stored.add(input);
    }
  const views = [...stored].map(onlineView);
  const readers = views.map((view) => ({
    view: view.view,
    read: view.view.shape === "latest" ? latestReader(view, store) : windowReader(view, store),
  }));
  const computed = [...onDemand].map((view) => {
    const columns = [...view.inputs.flatMap(({ features }) => features), ...view.request].map(({ name }) => name);
    return {
      view,
      compute: compileRow(
        view.features.map(({ expression }) => expression),
        columns,
      ),
      defaults: view.features.map((feature) => feature.default ?? null),
    };
  });

  function readOne({ entities, request }: FeatureRequest, t: bigint): FeatureRow {
    const found = new Map<FeatureView | OnDemandView, readonly Found[]>();
    for (const { view, read } of readers) found.set(view, read(entities, t));
    for (const { view, compute, defaults } of computed) {
      const row: Value[] = [];
      for (const input of view.inputs)
        for (const index of input.features.keys()) row.push(found.get(input)?.[index]?.value ?? null);
      for (const { name } of view.request) row.push(finite(request[name] ?? null));
      const values: Value[] = [];
      compute(row, values);
      found.set(
        view,
        defaults.map((fallback, index) => {
          const value = values[index] ?? fallback;
          return { value, status: value === null ? "NULL_VALUE" : "PRESENT", eventTime: null };
        }),
      );
    }
    const answers = positions.map(([view, index]) => found.get(view)?.[index] ?? missing);
    return {
      values: answers.map(({ value }) => value),
      statuses: answers.map(({ status }) => status),
      eventTimes: answers.map(({ eventTime }) => eventTime),
    };
  }

  const positions = service.features.map(
    ({ view, feature }) => [view, view.features.findIndex((one) => one === feature)] as const,
  );
  return { views, read: (requests, t) => requests.map((request) => readOne(request, t)) };
}

/** What comes from outside has no NaN and no infinities (contracts §1). */
const finite = (value: Value): Value => (typeof value === "number" && !Number.isFinite(value) ? null : value);

const missing: Found = { value: null, status: "NOT_FOUND", eventTime: null };

function latestReader(online: OnlineView, store: OnlineStoreReader): ReadView {
  const { view } = online;
  const defaults = view.features.map((feature) => feature.default ?? null);
  const none = (status: Status, eventTime: bigint | null): readonly Found[] =>
    defaults.map((value) => ({ value, status, eventTime }));
  return (entities, t) => {
    const key = keyText(view, entities);
    if (key === undefined) return view.features.map(() => missing);
    const { c, knownUntil } = cutOff(view, t);
    let best: LatestVersion | undefined;
    for (const version of store.latest(online, key)) {
      const happened = view.refresh === undefined ? version.event <= t : version.event < c;
      if (happened && version.known <= knownUntil && (best === undefined || compareVersions(version, best) > 0)) best = version;
    }
    if (best === undefined) return none("NOT_FOUND", null);
    const { event, values } = best;
    if (view.ttl !== undefined && c - event > view.ttl) return none("OUTSIDE_MAX_AGE", event);
    return values.map((value, index) => ({
      value: value ?? defaults[index] ?? null,
      status: value === null ? "NULL_VALUE" : "PRESENT",
      eventTime: event,
    }));
  };
}

/** The order of contracts §3.2. */
export function compareVersions(a: LatestVersion, b: LatestVersion): number {
  return compareValues(a.event, b.event) || compareValues(a.tie, b.tie) || compareValues(a.values, b.values);
}

function windowReader(online: OnlineView, store: OnlineStoreReader): ReadView {
  const { view } = online;
  const features = view.features
    .filter((feature): feature is WindowFeature => feature.kind === "window")
    .map((feature, index) => ({
      window: feature.window,
      operand: online.operandOf[index] ?? -1,
      fold: aggregateToJavascript(feature.aggregate),
      ordered: orderSensitive.has(feature.aggregate.function),
      convert: (value: Value) => featureValue(castValue(value, feature.aggregate.type, feature.type)),
      fallback: feature.default ?? null,
    }));
  const widest = features.reduce<bigint | "unbounded">(
    (a, { window }) => (a === "unbounded" || window === "unbounded" ? "unbounded" : a > window ? a : window),
    0n,
  );

  return (entities, t) => {
    const key = keyText(view, entities);
    if (key === undefined) return view.features.map(() => missing);
    const { c, knownUntil } = cutOff(view, t);
    const events: bigint[] = [];
    const ties: Value[] = [];
    const operands: Value[][] = online.operands.map(() => []);
    const chunks = store.events(online, key, widest === "unbounded" ? widest : c - widest, c);
    for (const chunk of chunks)
      for (let row = 0; row < chunk.events.length; row++) {
        const event = chunk.events[row] ?? 0n;
        if (event >= c || (chunk.known[row] ?? 0n) > knownUntil) continue;
        events.push(event);
        ties.push(chunk.ties[row] ?? null);
        for (const [index, values] of operands.entries()) values.push(chunk.operands[index]?.[row] ?? null);
      }
    const newest = events.at(-1) ?? null;
    return features.map(({ window, operand, fold, ordered, convert, fallback }) => {
      const start = window === "unbounded" ? 0 : firstAtLeast(events, c - window);
      const inside = operand < 0 ? events.slice(start) : (operands[operand] ?? []).slice(start);
      if (ordered) orderTies(inside, events.slice(start), ties.slice(start));
      const value = convert(fold(inside)) ?? fallback;
      const status = value !== null ? "PRESENT" : chunks.length === 0 ? "NOT_FOUND" : "NULL_VALUE";
      return { value, status, eventTime: inside.length === 0 ? null : newest };
    });
  };
}

const orderSensitive = new Set(["first", "last", "first_n", "last_n"]);

/** Rows of one event time and tie are ordered by this operand alone, whatever the other operands are. */
function orderTies(values: Value[], events: readonly bigint[], ties: readonly Value[]): void {
  for (let start = 0; start < values.length;) {
    let end = start + 1;
    while (end < values.length && events[end] === events[start] && compareValues(ties[end] ?? null, ties[start] ?? null) === 0)
      end++;
    if (end - start > 1)
      for (const [offset, value] of values.slice(start, end).sort(compareValues).entries()) values[start + offset] = value;
    start = end;
  }
}

/** Index of the first element that is at least `least`, in an ascending array. */
function firstAtLeast(values: readonly bigint[], least: bigint): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0n) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
