import { randomBytes } from "node:crypto";

import Fastify, { type FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import { listModelVersions } from "../../models/node/model-store.js";
import { readDistributions } from "../../profiles/node/latest-distribution.js";
import { loadProject, type LoadedProject } from "../../registry/node/load-project.js";
import { deploymentAt } from "../../serving/node/deploy.js";
import { setErrors } from "../../serving/node/http-errors.js";
import { authorizer } from "../../serving/node/token.js";
import { version } from "../../version.js";
import { featuresView, featureView } from "../../views/feature-views.js";
import { viewBundle } from "../../views/node/view-bundle.js";
import type { DeploymentsView, EngineStatus, ModelsView, View } from "../../views/view.js";
import { prepareAct } from "./acts.js";
import { claimEngine, publishAddress, withdrawAddress, type EngineAddress } from "./engine-file.js";
import { Jobs } from "./jobs.js";
import { registerWorkbenchPage } from "./workbench-page.js";

export interface EngineOptions {
  readonly root: string;
  /** The command line of this program, to start sidecars with. */
  readonly command: readonly string[];
  readonly port?: number;
  /** Minutes without a request or a running job after which it ends. */
  readonly idleMinutes: number;
}

export interface Engine {
  readonly address: EngineAddress;
  /** Resolves when it was idle for too long or was asked to stop; `close` is still to be called. */
  readonly over: Promise<void>;
  close(): Promise<void>;
}

const jobBody = Type.Object({ kind: Type.String(), parameters: Type.Optional(Type.Unknown()) });
const bundleBody = Type.Object({
  view: Type.Object({
    version: Type.Literal(1),
    kind: Type.Enum(["status", "features", "feature", "drift", "skew", "training_set", "models", "deployments"]),
  }),
});
const waitQuery = Type.Object({ wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })) });

/** The local API behind every editor face: loopback, with a random token. Throws `unavailable` when the project has one already. */
export async function startEngine({ root, command, port = 0, idleMinutes }: EngineOptions): Promise<Engine> {
  await claimEngine(root);
  const token = randomBytes(32).toString("base64url");
  const isAuthorized = authorizer(token);
  const jobs = new Jobs();
  const server = Fastify({ bodyLimit: 8 * 1024 * 1024, forceCloseConnections: true });
  let lastRequest = Date.now();
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  const idle = setInterval(() => {
    if (jobs.running === 0 && Date.now() - lastRequest > idleMinutes * 60_000) end();
  }, 1000);

  server.addHook("onRequest", async (request, reply) => {
    lastRequest = Date.now();
    if (request.url.startsWith("/api/") && !isAuthorized(request.headers.authorization))
      await reply
        .code(401)
        .send({ error: 'Send the token of .skewproof/engine.json as "Authorization: Bearer …".', code: "unauthorized" });
  });
  setErrors(server);
  registerWorkbenchPage(server);
  server.get("/api/alive", () => ({ ok: true }));
  registerReads(server, root, jobs);

  server.post<{ Body: Static<typeof jobBody> }>("/api/jobs", { schema: { body: jobBody } }, async ({ body }, reply) => {
    const work = prepareAct(body.kind, body.parameters ?? {});
    return reply.code(202).send(jobs.start(body.kind, (context) => work({ ...context, root, command })));
  });
  server.get<{ Params: { id: string }; Querystring: Static<typeof waitQuery> }>(
    "/api/jobs/:id",
    { schema: { querystring: waitQuery } },
    ({ params, query }) => jobs.get(params.id, query.wait),
  );
  server.delete<{ Params: { id: string } }>("/api/jobs/:id", ({ params }) => jobs.cancel(params.id));
  server.post<{ Body: { view: View } }>("/api/view-bundle", { schema: { body: bundleBody } }, async ({ body }) => {
    try {
      return await viewBundle(body.view);
    } catch (error) {
      if (isSkewproofError(error)) throw error;
      throw new SkewproofError("usage", `This is no complete view of kind ${body.view.kind}: ${String(error)}`, { cause: error });
    }
  });

  const close = async (): Promise<void> => {
    clearInterval(idle);
    withdrawAddress(root);
    await jobs.close();
    await server.close();
  };
  try {
    const url = await server.listen({ host: "127.0.0.1", port });
    const address = { url, token, pid: process.pid, version };
    publishAddress(root, address);
    return { address, over, close };
  } catch (error) {
    await close();
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
      throw new SkewproofError("unavailable", `Port ${port} is in use. Leave --port out: a free one is picked then.`, {
        cause: error,
      });
    throw error;
  }
}

/** What is read from files alone: definitions, profiles, model versions, deployments. */
function registerReads(server: FastifyInstance, root: string, jobs: Jobs): void {
  server.get("/api/status", async (): Promise<EngineStatus> => {
    const { project, diagnostics } = await loadQuickly(root);
    const errors = diagnostics.filter(({ severity }) => severity === "error").length;
    return {
      project: project.name,
      root,
      version,
      pid: process.pid,
      errors,
      warnings: diagnostics.length - errors,
      views: project.views.size,
      features: [...project.views.values()].reduce((sum, { features }) => sum + features.length, 0),
      services: project.services.size,
      models: project.models.size,
      jobs: jobs.running,
    };
  });
  server.get("/api/features", async () => featuresView((await loadQuickly(root)).project));
  server.get<{ Params: { view: string; feature: string } }>("/api/features/:view/:feature", async ({ params }) =>
    featureView((await loadQuickly(root)).project, params.view, params.feature, readDistributions(root)),
  );
  server.get("/api/models", async (): Promise<ModelsView> => {
    const { project } = await loadQuickly(root);
    const versions = await listModelVersions(root);
    return {
      version: 1,
      kind: "models",
      models: [...project.models.values()].map(({ name, owner, service, task }) => ({
        name,
        owner: owner ?? null,
        service: service.name,
        task,
        versions: versions
          .filter(({ model }) => model === name)
          .map(({ version: id, digest, bundle }) => ({ version: id, digest, run: bundle.run ?? null }))
          .reverse(),
      })),
    };
  });
  server.get("/api/deployments", async (): Promise<DeploymentsView> => {
    const loaded = await loadQuickly(root);
    const targets = [...loaded.project.targets.values()].map(async ({ name, kind }) => {
      const running = kind === "process" ? await deploymentAt(loaded, name) : undefined;
      return { name, kind, running: running === undefined ? null : { url: running.url, models: running.models } };
    });
    return { version: 1, kind: "deployments", targets: await Promise.all(targets) };
  });
}

/** The project by the columns that were last read; the data are looked at only where they never were. */
async function loadQuickly(root: string): Promise<LoadedProject> {
  const quick = await loadProject(root, { schemas: "cached" });
  const unread = [...quick.project.sources.values()].some(
    ({ location, columns }) => (location.kind === "path" || location.kind === "query") && columns === undefined,
  );
  return unread ? loadProject(root) : quick;
}
