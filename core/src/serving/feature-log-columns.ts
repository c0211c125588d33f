import type { FeatureService } from "../registry/bound-project.js";
import type { Column, ValueType } from "../values/value-type.js";

const string: ValueType = { kind: "string" };

/** The columns of a service's served-feature log: one row per served row of a request. */
export function featureLogColumns(service: FeatureService): Column[] {
  return [
    { name: "request_id", type: string },
    { name: "row", type: { kind: "int64" } },
    { name: "at", type: { kind: "timestamp" } },
    { name: "model", type: string },
    { name: "version", type: string },
    { name: "definitions", type: string },
    ...service.keys.map(({ name, type }) => ({ name: `entity.${name}`, type })),
    ...service.request.map(({ name, type }) => ({ name: `request.${name}`, type })),
    ...service.features.map(({ name, feature }) => ({ name: `feature.${name}`, type: feature.type })),
    ...service.features.map(({ name }) => ({ name: `status.${name}`, type: string })),
  ];
}
