import { randomUUID } from "node:crypto";

import type { FastifyInstance } from "fastify";
import Type from "typebox";

import { SkewproofError } from "../../errors.js";
import type { BoundProject, FeatureService } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import { serviceOfFeatures } from "../../registry/service-of-features.js";
import { toJsonValue } from "../../values/json-value.js";
import { floorDivide, printTimestamp } from "../../values/timestamp-text.js";
import type { Value } from "../../values/value.js";
import type { ValueType } from "../../values/value-type.js";
import { readRequests } from "./predict.js";
import type { ServedFeatures } from "./served-features.js";

const body = Type.Object({
  entities: Type.Record(Type.String(), Type.Array(Type.Unknown(), { minItems: 1, maxItems: 10_000 }), { minProperties: 1 }),
  features: Type.Optional(Type.Array(Type.String(), { maxItems: 10_000 })),
  feature_service: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  full_feature_names: Type.Optional(Type.Boolean()),
});
type Body = Type.Static<typeof body>;

/**
 * Feast's `POST /get-online-features`: columns in, columns out, so that a client of a Feast feature server needs only
 * another URL. Entities come first in the answer, as Feast gives them; request columns of on-demand views stand among the entities.
 */
export function registerFeast(
  server: FastifyInstance,
  project: BoundProject,
  features: ServedFeatures,
  moment: (at: string | undefined) => bigint,
): void {
  // Clients repeat the same few lists of features; what was made for one is kept, the oldest leaving first.
  const services = new Map<string, FeatureService>();
  const mostServices = 1000;
  const serviceOf = ({ features: named = [], feature_service, full_feature_names = false }: Body): FeatureService => {
    if (typeof feature_service === "string") return requireService(project, feature_service);
    if (named.length === 0)
      throw new SkewproofError("usage", "Name a feature_service, or features as view:feature; the request has neither.");
    const name = `${String(full_feature_names)} ${named.join(" ")}`;
    let service = services.get(name);
    if (service === undefined) {
      service = serviceOfFeatures(project, named, full_feature_names);
      if (services.size >= mostServices) services.delete([...services.keys()][0] ?? "");
      services.set(name, service);
    }
    return service;
  };

  server.post<{ Body: Body }>("/get-online-features", { schema: { body } }, async ({ body: asked }) => {
    const service = serviceOf(asked);
    const columns = Object.entries(asked.entities);
    const length = columns[0]?.[1].length ?? 0;
    const uneven = columns.find(([, values]) => values.length !== length);
    if (uneven !== undefined)
      throw new SkewproofError("usage", `entities.${uneven[0]} has ${uneven[1].length} values where others have ${length}.`);
    const lines = Array.from({ length }, (_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row]])));
    const requests = readRequests(service, lines, lines);
    const at = moment(undefined);
    const { rows, log } = await features.read(service, requests, at);
    // A list of features is no service, and has no log of its own.
    if (typeof asked.feature_service === "string") log({ requestId: randomUUID(), at, requests });
    const names = service.features.map(({ name, view, feature }) =>
      asked.full_feature_names === true ? `${view.name}__${feature.name}` : name,
    );
    return {
      metadata: { feature_names: [...columns.map(([name]) => name), ...names] },
      results: [
        ...columns.map(([, values]) => ({
          values,
          statuses: values.map((value) => (value === null ? "NULL_VALUE" : "PRESENT")),
          event_timestamps: values.map(() => epoch),
        })),
        ...service.features.map(({ feature }, index) => ({
          values: rows.map(({ values }) => feastValue(values[index] ?? null, feature.type)),
          statuses: rows.map(({ statuses }) => statuses[index]),
          event_timestamps: rows.map(({ eventTimes }) => {
            const time = eventTimes[index] ?? null;
            return time === null ? epoch : printTimestamp(time);
          }),
        })),
      ],
    };
  });
}

const epoch = "1970-01-01T00:00:00Z";

/** JSON has no type for them, and Feast's clients read integers of any size: int64 is always a number, a timestamp whole seconds. */
function feastValue(value: Value, type: ValueType): unknown {
  if (typeof value === "bigint" && type.kind === "int64") return rawNumber(value);
  if (typeof value === "bigint" && type.kind === "timestamp") return Number(floorDivide(value, 1_000_000n));
  if (Array.isArray(value) && type.kind === "list") return value.map((item: Value) => feastValue(item, type.element));
  return toJsonValue(value, type);
}

// JSON.rawJSON is in Node 22 and newer; TypeScript's library does not have it yet.
const rawNumber = (value: bigint): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
