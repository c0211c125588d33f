import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

import swagger from "@fastify/swagger";
import Fastify from "fastify";
import Type from "typebox";

import { SkewproofError } from "../../errors.js";
import { findModelVersion, openBundle } from "../../models/node/model-store.js";
import type { LmdbStore } from "../../online/node/lmdb-store.js";
import { openOnlineStore } from "../../online/node/open-online-store.js";
import { createFeatureReader } from "../../online/read-features.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { toJsonValue } from "../../values/json-value.js";
import { parseTimestamp, printTimestamp } from "../../values/timestamp-text.js";
import { version } from "../../version.js";
import { openFeatureLog, type FeatureLog } from "./feature-log.js";
import { setErrors } from "./http-errors.js";
import { createMetrics, type Stage } from "./metrics.js";
import { registerOpenInferenceProtocol } from "./open-inference-protocol.js";
import { predictionOf, readRequests, rowOf } from "./predict.js";
import { registerPush } from "./push-route.js";
import { ServedModels } from "./served-models.js";
import { statusPage } from "./status-page.js";
import { ensureToken, isAuthorized } from "./token.js";

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
  /** Where served rows are logged; default `.skewproof/log` of the project. */
  readonly logFolder?: string;
}

export interface Sidecar {
  readonly url: string;
  readonly tokenFile: string;
  readonly models: ServedModels;
  /** Answers what is in flight, writes the log, and stops. */
  close(): Promise<void>;
}

const row = Type.Record(Type.String(), Type.Unknown());
const predictBody = Type.Object({
  entities: Type.Array(row, { minItems: 1, maxItems: 10_000 }),
  request: Type.Optional(Type.Array(row)),
  options: Type.Optional(Type.Object({ features: Type.Optional(Type.Boolean()), at: Type.Optional(Type.String()) })),
});
const featuresBody = Type.Object({
  entities: Type.Array(row, { minItems: 1, maxItems: 10_000 }),
  request: Type.Optional(Type.Array(row)),
  options: Type.Optional(Type.Object({ at: Type.Optional(Type.String()) })),
});
type PredictBody = Type.Static<typeof predictBody>;
type FeaturesBody = Type.Static<typeof featuresBody>;

/** Starts the serving sidecar. Throws `unavailable` when the port is in use, and what loading the models throws. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { loaded, host = "127.0.0.1", port = 0, replay = false } = options;
  const token = ensureToken(options.tokenFile);
  const models = new ServedModels();
  const metrics = createMetrics();
  const store: LmdbStore | undefined =
    loaded === undefined || !hasOnlineFeatures(loaded) ? undefined : openOnlineStore(loaded, { readOnly: true });
  const services = new Map<string, ReturnType<typeof openService>>();

  function openService(service: FeatureService) {
    if (store === undefined || loaded === undefined)
      throw new SkewproofError("missing", "This sidecar serves no feature service.");
    const folder = options.logFolder ?? path.join(loaded.root, ".skewproof", "log");
    return {
      service,
      reader: createFeatureReader(service, store),
      log: openFeatureLog(folder, service, loaded.project.digest, `${Date.now()}-${process.pid}`),
    };
  }
  const serviceOf = (service: FeatureService): ReturnType<typeof openService> => {
    let found = services.get(service.name);
    if (found === undefined) services.set(service.name, (found = openService(service)));
    return found;
  };
  const moment = (at: string | undefined): bigint => {
    if (at === undefined) return BigInt(Date.now()) * 1000n;
    if (!replay)
      throw new SkewproofError(
        "usage",
        "options.at is accepted only by a sidecar started with --replay; here a request's moment is the server's clock.",
      );
    const parsed = parseTimestamp(at);
    if (parsed === undefined)
      throw new SkewproofError("usage", `options.at: ${at} is not a moment; write it as 2001-06-01T07:00:00Z.`);
    return parsed;
  };

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
  server.addHook("onRequest", async (request, reply) => {
    if (request.url === "/healthz" || request.url === "/readyz") return;
    if (!isAuthorized(request.headers.authorization, token))
      await reply
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
    metrics.logPending.set([...services.values()].reduce((total, { log }) => total + log.pending, 0));
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
  if (loaded !== undefined) registerPush(server, loaded);

  server.post<{ Params: { service: string }; Body: FeaturesBody }>(
    "/v1/features/:service",
    { schema: { body: featuresBody } },
    ({ params, body }) => {
      if (loaded === undefined) throw new SkewproofError("missing", "This sidecar serves no feature service.");
      const { service, reader } = serviceOf(requireService(loaded.project, params.service));
      const rows = reader.read(readRequests(service, body.entities, body.request), moment(body.options?.at));
      return {
        features: service.features.map(({ name }) => name),
        rows: rows.map(({ values, statuses, eventTimes }) => ({
          values: values.map((value, index) => toJsonValue(value, typeAt(service, index))),
          statuses,
          event_times: eventTimes.map((time) => (time === null ? null : printTimestamp(time))),
        })),
      };
    },
  );

  for (const route of ["/v1/models/:model/predict", "/v1/models/:model/versions/:version/predict"])
    server.post<{ Params: { model: string; version?: string }; Body: PredictBody }>(
      route,
      { schema: { body: predictBody } },
      async ({ params, body }) => {
        const started = performance.now();
        let last = started;
        const lap = (stage: Stage): void => {
          const now = performance.now();
          metrics.stage.observe({ stage }, (now - last) / 1000);
          last = now;
        };
        const model = models.find(params.model, params.version);
        if (model.features === undefined)
          throw new SkewproofError(
            "usage",
            `The model ${model.name} has no feature service; call /v2/models/${model.name}/infer.`,
          );
        const { service, reader, log } = serviceOf(model.features.service);
        const requests = readRequests(service, body.entities, body.request);
        const at = moment(body.options?.at);
        lap("parse");
        const rows = reader.read(requests, at);
        lap("features");
        const outputs = await model.inference.run(model.features.pack(rows.map(({ values }) => values)));
        lap("inference");
        const requestId = randomUUID();
        const withFeatures = body.options?.features === true;
        const output = model.features.output;
        const predictions = rows.map(({ values, statuses }, index) => {
          log.append({
            requestId,
            row: index,
            at,
            model: model.name,
            version: model.version,
            entities: requests[index]?.entities ?? {},
            request: requests[index]?.request ?? {},
            values,
            statuses,
          });
          const all = Object.fromEntries(
            Object.entries(outputs).map(([name, tensor]) => [name, rowOf(tensor, index, rows.length)]),
          );
          const prediction = { value: predictionOf(outputs, output, index, rows.length), outputs: all };
          if (!withFeatures) return prediction;
          const named = (cells: readonly unknown[]): object =>
            Object.fromEntries(service.features.map(({ name }, cell) => [name, cells[cell]]));
          return {
            ...prediction,
            features: named(values.map((value, cell) => toJsonValue(value, typeAt(service, cell)))),
            statuses: named(statuses),
          };
        });
        metrics.rows.inc({ model: model.name, version: model.version }, rows.length);
        lap("respond");
        return { model: model.name, version: model.version, predictions, request_id: requestId };
      },
    );

  const deploymentBody = Type.Object({ bundle: Type.String() });
  server.get("/v1/deployments", () => ({
    deployments: models.list().map(({ active, previous }) => ({
      model: active.name,
      version: active.version,
      digest: active.bundle?.digest ?? null,
      previous: previous?.version ?? null,
    })),
  }));
  server.post<{ Body: Type.Static<typeof deploymentBody> }>(
    "/v1/deployments",
    { schema: { body: deploymentBody } },
    async ({ body }) => activate(body.bundle),
  );
  server.post<{ Params: { model: string } }>("/v1/deployments/:model/rollback", ({ params }) => {
    const served = models.rollback(params.model);
    return { model: served.name, version: served.version };
  });

  const close = async (): Promise<void> => {
    await server.close();
    for (const { log } of services.values() as Iterable<{ log: FeatureLog }>) log.close();
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

function typeAt(service: FeatureService, index: number): FeatureService["features"][number]["feature"]["type"] {
  return service.features[index]?.feature.type ?? { kind: "null" };
}

function hasOnlineFeatures({ project }: LoadedProject): boolean {
  return [...project.views.values()].some((view) => view.kind === "feature_view" && view.online);
}

/** Files in Triton's layout; of each model the greatest version comes last and is the active one. */
function repositoryModels(folder: string): { name: string; version: string; file: string }[] {
  if (!existsSync(folder)) throw new SkewproofError("missing", `The model repository ${folder} is not there.`);
  const found = readdirSync(folder)
    .filter((name) => statSync(path.join(folder, name)).isDirectory())
    .flatMap((name) =>
      readdirSync(path.join(folder, name))
        .filter((version) => /^\d+$/.test(version) && existsSync(path.join(folder, name, version, "model.onnx")))
        .sort((a, b) => Number(a) - Number(b))
        .map((version) => ({ name, version, file: path.join(folder, name, version, "model.onnx") })),
    );
  if (found.length === 0) throw new SkewproofError("missing", `The model repository ${folder} holds no NAME/VERSION/model.onnx.`);
  return found;
}
