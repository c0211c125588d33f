import { randomUUID } from "node:crypto";

import type { FastifyInstance } from "fastify";
import Type from "typebox";

import { requireService } from "../../registry/find.js";
import type { BoundProject } from "../../registry/bound-project.js";
import { toJsonValue } from "../../values/json-value.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import { readRequests, requestFields } from "./predict.js";
import type { ServedFeatures } from "./served-features.js";

const body = Type.Object({
  ...requestFields,
  options: Type.Optional(Type.Object({ at: Type.Optional(Type.String()) })),
});

/** `POST /v1/features/{service}` (contracts §6). */
export function registerFeatures(
  server: FastifyInstance,
  project: BoundProject,
  features: ServedFeatures,
  moment: (at: string | undefined) => bigint,
): void {
  server.post<{ Params: { service: string }; Body: Type.Static<typeof body> }>(
    "/v1/features/:service",
    { schema: { body } },
    async ({ params, body: asked }) => {
      const service = requireService(project, params.service);
      const requests = readRequests(service, asked.entities, asked.request);
      const at = moment(asked.options?.at);
      const { rows, log } = await features.read(service, requests, at);
      const requestId = randomUUID();
      log({ requestId, at, requests });
      const types = service.features.map(({ feature }) => feature.type);
      const unanswered = rows[0]?.unanswered ?? [];
      return {
        features: service.features.map(({ name }) => name),
        rows: rows.map(({ values, statuses, eventTimes }) => ({
          values: values.map((value, index) => toJsonValue(value, types[index] ?? { kind: "null" })),
          statuses,
          event_times: printTimes(eventTimes),
        })),
        request_id: requestId,
        ...(unanswered.length === 0 ? {} : { unanswered }),
      };
    },
  );
}

/** Features of one view mostly have one event time. */
function printTimes(times: readonly (bigint | null)[]): (string | null)[] {
  let [last, text]: [bigint | null, string | null] = [null, null];
  return times.map((time) => {
    if (time !== last) [last, text] = [time, time === null ? null : printTimestamp(time)];
    return text;
  });
}
