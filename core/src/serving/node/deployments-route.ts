import type { FastifyInstance } from "fastify";
import Type from "typebox";

import type { ServedModels } from "./served-models.js";

const body = Type.Object({ bundle: Type.String() });

/** `/v1/deployments`: what is served, a bundle activated, the version before brought back. */
export function registerDeployments(
  server: FastifyInstance,
  models: ServedModels,
  activate: (reference: string) => Promise<{ model: string; version: string }>,
): void {
  server.get("/v1/deployments", () => ({
    deployments: models.list().map(({ active, previous }) => ({
      model: active.name,
      version: active.version,
      digest: active.bundle?.digest ?? null,
      previous: previous?.version ?? null,
    })),
  }));
  server.post<{ Body: Type.Static<typeof body> }>("/v1/deployments", { schema: { body } }, async ({ body: { bundle } }) =>
    activate(bundle),
  );
  server.post<{ Params: { model: string } }>("/v1/deployments/:model/rollback", ({ params }) => {
    const served = models.rollback(params.model);
    return { model: served.name, version: served.version };
  });
}
