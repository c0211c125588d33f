import { SkewproofError } from "../errors.js";
import { compileRow } from "../expressions/compile-row.js";
import { featureValue } from "../expressions/to-javascript.js";
import type { FeatureService, FeatureView, OnDemandView } from "../registry/bound-project.js";
import { sameType } from "../values/value-type-text.js";
import type { Row, Value } from "../values/value.js";
import { unanswered, type KeyReading, type MaybePromise, type OnlineStore } from "./key-value-store.js";
import { keyText, onlineView, type OnlineView } from "./online-view.js";
import { missing, readView, type Found, type Status } from "./read-view.js";

/** In the order of the service's features. */
export interface FeatureRow {
  readonly values: readonly Value[];
  readonly statuses: readonly Status[];
  /** Of the row, or of the newest event in the window; null where there is none, and on demand. */
  readonly eventTimes: readonly (bigint | null)[];
  /** Views whose store gave no answer in time: their features are the declared defaults, NOT_FOUND. */
  readonly unanswered: readonly string[];
}

export interface FeatureRequest {
  readonly entities: Row;
  readonly request: Row;
}

export interface ReadOptions {
  /** Milliseconds from now in which the store must have answered. */
  readonly deadline?: number;
}

export interface FeatureReader {
  /** Views that must be materialized for this service, and where each stands. */
  readonly views: readonly { readonly online: OnlineView; readonly space: string }[];
  /**
   * The service's features for each request at `t`, in one batch of reads. Unknown keys give nulls; nothing on data
   * throws. At once, without a promise, where the store is embedded.
   */
  read(requests: readonly FeatureRequest[], t: bigint, options?: ReadOptions): MaybePromise<FeatureRow[]>;
}

/**
 * Prepares a service's read path once; `read` then only looks up and folds. `spaceOf` names a view's key space. Throws
 * `usage` for features of one name.
 */
export function createFeatureReader(
  service: FeatureService,
  store: OnlineStore,
  spaceOf: (online: OnlineView) => string,
): FeatureReader {
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
  const views = [...stored].map((view) => {
    const online = onlineView(view);
    return { online, space: spaceOf(online) };
  });
  const places = new Map<FeatureView | OnDemandView, number>([...stored, ...onDemand].map((view, index) => [view, index]));
  const placeOf = (view: FeatureView | OnDemandView): number => places.get(view) ?? -1;
  const computed = [...onDemand].map((view) => {
    const columns = [...view.inputs.flatMap(({ features }) => features), ...view.request].map(({ name }) => name);
    return {
      inputs: view.inputs.map((input) => ({ place: placeOf(input), size: input.features.length })),
      request: view.request.map(({ name }) => name),
      compute: compileRow(
        view.features.map(({ expression }) => expression),
        columns,
      ),
      defaults: view.features.map((feature) => feature.default ?? null),
    };
  });
  const positions = service.features.map(({ view, feature }) => ({
    place: placeOf(view),
    index: view.features.findIndex((one) => one === feature),
  }));
  // Views of one entity have one key text.
  const keyed: FeatureView[] = [];
  const keyOf = views.map(({ online: { view } }) => {
    const same = keyed.findIndex((one) => sameKeys(one, view));
    return same < 0 ? keyed.push(view) - 1 : same;
  });
  const notAnswered = views.map(({ online: { view } }) =>
    view.features.map((feature): Found => ({ value: feature.default ?? null, status: "NOT_FOUND", eventTime: null })),
  );

  function read(requests: readonly FeatureRequest[], t: bigint, { deadline }: ReadOptions = {}): MaybePromise<FeatureRow[]> {
    const readings: KeyReading<readonly Found[]>[] = [];
    // By request and view: which reading answers it. Requests of one batch often share keys.
    const asked = new Map<string, number>();
    const slots = new Int32Array(requests.length * views.length);
    for (const [row, { entities }] of requests.entries()) {
      const texts = keyed.map((view) => keyText(view, entities));
      for (const [index, { online, space }] of views.entries()) {
        const key = texts[keyOf[index] ?? -1];
        let reading = -1;
        if (key !== undefined) {
          const name = requests.length === 1 ? undefined : `${index} ${key}`;
          reading = (name === undefined ? undefined : asked.get(name)) ?? readings.length;
          if (reading === readings.length) {
            readings.push({ space, key, work: () => readView(online, t) });
            if (name !== undefined) asked.set(name, reading);
          }
        }
        slots[row * views.length + index] = reading;
      }
    }
    const answer = (results: readonly (readonly Found[] | typeof unanswered)[]): FeatureRow[] =>
      requests.map(({ request }, row) => {
        const late: string[] = [];
        const found = views.map(({ online }, index): readonly Found[] => {
          const result = results[slots[row * views.length + index] ?? -1];
          if (result === undefined) return online.view.features.map(() => missing);
          if (result !== unanswered) return result;
          late.push(online.view.name);
          return notAnswered[index] ?? [];
        });
        return assemble(found, request, late);
      });
    const results = store.read(readings, deadline);
    return results instanceof Promise ? results.then(answer) : answer(results);
  }

  function assemble(found: (readonly Found[])[], request: Row, late: readonly string[]): FeatureRow {
    for (const { inputs, request: columns, compute, defaults } of computed) {
      const row: Value[] = [];
      for (const { place, size } of inputs)
        for (let index = 0; index < size; index++) row.push(found[place]?.[index]?.value ?? null);
      for (const name of columns) row.push(featureValue(request[name] ?? null));
      const values: Value[] = [];
      compute(row, values);
      found.push(
        defaults.map((fallback, index): Found => {
          const value = values[index] ?? fallback;
          return { value, status: value === null ? "NULL_VALUE" : "PRESENT", eventTime: null };
        }),
      );
    }
    const answers = positions.map(({ place, index }) => found[place]?.[index] ?? missing);
    return {
      values: answers.map(({ value }) => value),
      statuses: answers.map(({ status }) => status),
      eventTimes: answers.map(({ eventTime }) => eventTime),
      unanswered: late,
    };
  }

  return { views, read };
}

function sameKeys(a: FeatureView, b: FeatureView): boolean {
  return (
    a.keys.length === b.keys.length &&
    a.keys.every(({ key, type }, index) => key === b.keys[index]?.key && sameType(type, b.keys[index].type))
  );
}
