import type { FeatureService, FeatureView } from "../registry/bound-project.js";
import type { Column, ValueType } from "../values/value-type.js";

const string: ValueType = { kind: "string" };
const timestamp: ValueType = { kind: "timestamp" };

/** The feature views that a service reads, directly or through its on-demand views, in the order of first use. */
export function storedViews(service: FeatureService): FeatureView[] {
  const views = service.features.flatMap(({ view }) => (view.kind === "feature_view" ? [view] : view.inputs));
  return [...new Set(views)];
}

/**
 * The columns of a service's served-feature log: one row per served row of a request. `model` and `version` are null
 * where features alone were asked for; `materialized_until.VIEW` is null where the view had never been materialized.
 */
export function featureLogColumns(service: FeatureService): Column[] {
  return [
    { name: "request_id", type: string },
    { name: "row", type: { kind: "int64" } },
    { name: "at", type: timestamp },
    { name: "model", type: string },
    { name: "version", type: string },
    ...service.keys.map(({ name, type }) => ({ name: `entity.${name}`, type })),
    ...service.request.map(({ name, type }) => ({ name: `request.${name}`, type })),
    ...service.features.map(({ name, feature }) => ({ name: `feature.${name}`, type: feature.type })),
    ...service.features.map(({ name }) => ({ name: `status.${name}`, type: string })),
    ...service.features.map(({ name }) => ({ name: `event_time.${name}`, type: timestamp })),
    ...storedViews(service).map(({ name }) => ({ name: `materialized_until.${name}`, type: timestamp })),
  ];
}
