import type { FastifyInstance } from "fastify";
import Type from "typebox";

import type { Source } from "../../registry/bound-project.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { pushReportJson } from "../../streams/push-report.js";
import { openPusher, type ApplyRows, type Pusher } from "../../streams/node/push-rows.js";

const pushBody = Type.Object({
  rows: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 10_000 }),
});

/**
 * `POST /v1/push/:source` `{ "rows": [{…}] }`: what became of each row. 422 for a body that is no list of rows, 404 for
 * no stream of that name, 503 with Retry-After when too many rows wait or the disk is full. `applyTo` gives what makes a
 * stream's rows visible online. The streams are closed with the server.
 */
export function registerPush(
  server: FastifyInstance,
  loaded: LoadedProject,
  { applyTo, mostWaiting }: { readonly applyTo?: (source: Source) => ApplyRows; readonly mostWaiting?: number } = {},
): void {
  const pushers = new Map<string, Pusher>();
  const pusherOf = (name: string): Pusher => {
    let found = pushers.get(name);
    if (found === undefined) {
      const source = loaded.project.sources.get(name);
      found = openPusher(loaded, name, {
        ...(applyTo === undefined || source === undefined ? {} : { apply: applyTo(source) }),
        ...(mostWaiting === undefined ? {} : { mostWaiting }),
      });
      pushers.set(name, found);
    }
    return found;
  };
  server.addHook("onClose", async () => {
    await Promise.all([...pushers.values()].map((pusher) => pusher.close()));
  });
  server.post<{ Params: { source: string }; Body: Type.Static<typeof pushBody> }>(
    "/v1/push/:source",
    { schema: { body: pushBody } },
    async ({ params, body }) => pushReportJson(await pusherOf(params.source).push(body.rows.map((json) => ({ row: { json } })))),
  );
}
