import { existsSync } from "node:fs";
import path from "node:path";

import swagger from "@fastify/swagger";
import Fastify from "fastify";

import { SkewproofError } from "../../errors.js";
import { findModelVersion, openBundle } from "../../models/node/model-store.js";
import { streamApplier } from "../../online/node/apply-stream.js";
import { openKeyValueStore } from "../../online/node/open-key-value-store.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { version } from "../../version.js";
import { limitAdmission, usualLimits } from "./admission.js";
import { registerDeployments } from "./deployments-route.js";
import { registerFeast } from "./feast-route.js";
import { startFeatureLogs } from "./feature-log.js";
import { registerFeatures } from "./features-route.js";
import { setErrors } from "./http-errors.js";
import { createMetrics } from "./metrics.js";
import { repositoryModels } from "./model-repository.js";
import { registerOpenInferenceProtocol } from "./open-inference-protocol.js";
import { registerPredict } from "./predict-route.js";
import { registerPush } from "./push-route.js";
import { requestMoment } from "./request-moment.js";
import { servedFeatures } from "./served-features.js";
import { ServedModels } from "./served-models.js";
import { statusPage } from "./status-page.js";
import { authorizer, ensureToken } from "./token.js";

export interface SidecarOptions {
  /** Absent: only plain ONNX files are served. */
  readonly loaded?: LoadedProject;
  /** Folders of bundles, or references such as `m@3`. */
  readonly models?: readonly string[];
  /** Triton's layout: NAME/VERSION/model.onnx. */
  readonly modelRepository?: string;
  readonly host?: string;
  readonly port?: number;
  /** Requests may name their own moment (`options.at`). */
  readonly replay?: boolean;
  readonly tokenFile: string;
  /** Milliseconds that a request waits for the online store; then it is answered with defaults. Default 50. */
  readonly storeDeadline?: number;
  /** Where served rows are logged; default `.skewproof/log` of the project. */
  readonly logFolder?: string;
  /** Bytes that the log may take, all services together; default 10 GB. */
  readonly logLimit?: number;
  /** Bytes of an open file of the log; default 64 MB. */
  readonly logSegment?: number;
  /** Share of entities whose rows are logged, above 0 and at most 1; default all. */
  readonly logSample?: number;
  /** Told what a person should know while it serves. */
  readonly warn?: (message: string) => void;
}

export interface Sidecar {
  readonly url: string;
  readonly tokenFile: string;
  readonly models: ServedModels;
  /** Answers what is in flight, writes the log, and stops. */
  close(): Promise<void>;
}

/** Starts the serving sidecar. Throws `unavailable` when the port is in use, and what loading the models throws. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { loaded, host = "127.0.0.1", port = 0, replay = false } = options;
  const token = ensureToken(options.tokenFile);
  const isAuthorized = authorizer(token);
  const models = new ServedModels();
  const metrics = createMetrics();
  const store =
    loaded === undefined || !hasOnlineFeatures(loaded)
      ? undefined
      : await openKeyValueStore(loaded, { readOnly: !hasStreams(loaded) });
  const logs = loaded === undefined || store === undefined ? undefined : openLogs(loaded);
  const features =
    loaded === undefined || store === undefined || logs === undefined
      ? undefined
      : servedFeatures(loaded.project, store, logs, {
          deadline: options.storeDeadline ?? 50,
          unanswered: (view) => {
            metrics.unanswered.inc({ view });
          },
        });
  const moment = requestMoment(replay);

  function openLogs({ root }: LoadedProject) {
    return startFeatureLogs({
      folder: options.logFolder ?? path.join(root, ".skewproof", "log"),
      ...(options.logLimit === undefined ? {} : { limit: options.logLimit }),
      ...(options.logSegment === undefined ? {} : { segment: options.logSegment }),
      ...(options.logSample === undefined ? {} : { sample: options.logSample }),
      lost: (rows) => {
        metrics.logLost.inc(rows);
      },
      failed: options.warn ?? (() => undefined),
    });
  }

  async function activate(reference: string): Promise<{ model: string; version: string }> {
    if (loaded === undefined)
      throw new SkewproofError("usage", "A bundle needs its project; start the sidecar in a project's folder.");
    const found = existsSync(path.join(reference, "bundle.json"))
      ? await openBundle(path.resolve(reference))
      : await findModelVersion(loaded.root, reference);
    const served = await models.activate(found, requireService(loaded.project, found.bundle.service));
    return { model: served.name, version: served.version };
  }

  const server = Fastify({
    bodyLimit: 8 * 1024 * 1024,
    forceCloseConnections: "idle",
    routerOptions: { ignoreTrailingSlash: true },
  });
  await server.register(swagger, { openapi: { openapi: "3.1.0", info: { title: "Skewproof sidecar", version } } });
  limitAdmission(server, usualLimits, () => {
    metrics.shed.inc();
  });
  server.addHook("onRequest", (request, reply, done) => {
    if (request.url === "/healthz" || request.url === "/readyz" || isAuthorized(request.headers.authorization)) {
      done();
      return;
    }
    void reply
      .code(401)
      .send({ error: `Send the token of ${options.tokenFile} as "Authorization: Bearer …".`, code: "unauthorized" });
  });
  server.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unknown";
    metrics.requests.inc({ route, status: reply.statusCode });
    metrics.latency.observe({ route }, reply.elapsedTime / 1000);
    done();
  });
  setErrors(server);

  server.get("/healthz", () => ({ ok: true }));
  server.get("/readyz", () => ({ ok: true, models: models.list().map(({ active }) => `${active.name}@${active.version}`) }));
  server.get("/metrics", async (_, reply) => {
    metrics.logPending.set(logs?.pending ?? 0);
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  server.get("/openapi.json", () => server.swagger());
  server.get("/", async (_, reply) =>
    reply
      .type("text/html")
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .send(statusPage(models, replay)),
  );
  registerOpenInferenceProtocol(server, models);
  if (loaded !== undefined && features !== undefined) {
    registerFeatures(server, loaded.project, features, moment);
    registerFeast(server, loaded.project, features, moment);
  }
  if (loaded !== undefined && hasStreams(loaded))
    registerPush(server, loaded, store === undefined ? {} : { applyTo: (source) => streamApplier(loaded, store, source).apply });
  registerPredict(server, { models, features, moment, metrics });
  registerDeployments(server, models, activate);

  const close = async (): Promise<void> => {
    await server.close();
    await logs?.close();
    await models.close();
    await store?.close();
  };
  try {
    for (const reference of options.models ?? []) await activate(reference);
    if (options.modelRepository !== undefined)
      for (const { name, version: number, file } of repositoryModels(options.modelRepository))
        await models.activateFile(name, number, file);
    const url = await server.listen({ host, port });
    return { url, tokenFile: options.tokenFile, models, close };
  } catch (error) {
    await close();
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
      throw new SkewproofError(
        "unavailable",
        `Port ${port} is in use on ${host}. Stop what listens there, or choose another with --port (0 picks a free one).`,
        { cause: error },
      );
    throw error;
  }
}

function hasStreams({ project }: LoadedProject): boolean {
  return [...project.sources.values()].some(({ stream }) => stream !== undefined);
}

function hasOnlineFeatures({ project }: LoadedProject): boolean {
  return [...project.views.values()].some((view) => view.kind === "feature_view" && view.online);
}
