import { randomUUID } from "node:crypto";

import type { FastifyInstance } from "fastify";
import Type from "typebox";

import { SkewproofError } from "../../errors.js";
import { toJsonValue } from "../../values/json-value.js";
import type { Metrics, Stage } from "./metrics.js";
import { predictionOf, readRequests, requestFields, rowOf } from "./predict.js";
import type { ServedFeatures } from "./served-features.js";
import type { ServedModels } from "./served-models.js";

const body = Type.Object({
  ...requestFields,
  options: Type.Optional(Type.Object({ features: Type.Optional(Type.Boolean()), at: Type.Optional(Type.String()) })),
});
type Body = Type.Static<typeof body>;

export interface PredictOptions {
  readonly models: ServedModels;
  /** Absent where no feature is online. */
  readonly features: ServedFeatures | undefined;
  readonly moment: (at: string | undefined) => bigint;
  readonly metrics: Metrics;
}

/** `POST /v1/models/{model}[/versions/{v}]/predict`: features looked up, on-demand computed, model run (contracts §6). */
export function registerPredict(server: FastifyInstance, options: PredictOptions): void {
  for (const route of ["/v1/models/:model/predict", "/v1/models/:model/versions/:version/predict"])
    server.post<{ Params: { model: string; version?: string }; Body: Body }>(
      route,
      { schema: { body } },
      async ({ params, body: asked }) => predict(options, params, asked),
    );
}

async function predict(
  { models, features, moment, metrics }: PredictOptions,
  { model: name, version }: { readonly model: string; readonly version?: string },
  { entities, request, options }: Body,
): Promise<object> {
  let last = performance.now();
  const lap = (stage: Stage): void => {
    const now = performance.now();
    metrics.stage.observe({ stage }, (now - last) / 1000);
    last = now;
  };
  const model = models.find(name, version);
  if (model.features === undefined)
    throw new SkewproofError("usage", `The model ${model.name} has no feature service; call /v2/models/${model.name}/infer.`);
  if (features === undefined) throw new SkewproofError("missing", "This sidecar serves no feature service.");
  const { service, output, pack } = model.features;
  const requests = readRequests(service, entities, request);
  const at = moment(options?.at);
  lap("parse");
  const { rows, log } = await features.read(service, requests, at);
  lap("features");
  const outputs = await model.inference.run(pack(rows.map(({ values }) => values)));
  lap("inference");
  const requestId = randomUUID();
  log({ requestId, at, model: model.name, version: model.version, requests });
  const named = (cells: readonly unknown[]): object =>
    Object.fromEntries(service.features.map(({ name: feature }, cell) => [feature, cells[cell]]));
  const types = service.features.map(({ feature }) => feature.type);
  const predictions = rows.map(({ values, statuses }, index) => {
    const all = Object.fromEntries(
      Object.entries(outputs).map(([tensorName, tensor]) => [tensorName, rowOf(tensor, index, rows.length)]),
    );
    const prediction = { value: predictionOf(outputs, output, index, rows.length), outputs: all };
    if (options?.features !== true) return prediction;
    const shown = values.map((value, cell) => toJsonValue(value, types[cell] ?? { kind: "null" }));
    return { ...prediction, features: named(shown), statuses: named(statuses) };
  });
  metrics.rows.inc({ model: model.name, version: model.version }, rows.length);
  lap("respond");
  const unanswered = rows[0]?.unanswered ?? [];
  return {
    model: model.name,
    version: model.version,
    predictions,
    request_id: requestId,
    ...(unanswered.length === 0 ? {} : { unanswered }),
  };
}
