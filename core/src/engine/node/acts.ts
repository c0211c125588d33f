import path from "node:path";

import Type, { type Static, type TSchema } from "typebox";
import Value from "typebox/value";

import { SkewproofError } from "../../errors.js";
import { collectReport, nothingServed } from "../../skew/collect-report.js";
import { requireService } from "../../registry/find.js";
import { loadProject, loadValidProject, type LoadedProject } from "../../registry/node/load-project.js";
import { didYouMean } from "../../values/nearest-name.js";
import { parseMoment } from "../../values/parse-moment.js";
import type { Outcome, Work } from "./jobs.js";

export interface ActContext extends Work {
  readonly root: string;
  /** The command line that started this engine; a sidecar is started by the same. */
  readonly command: readonly string[];
}

interface Act {
  readonly schema: TSchema;
  readonly run: (parameters: never, context: ActContext) => Promise<Outcome>;
}

function act<S extends TSchema>(schema: S, run: (parameters: Static<S>, context: ActContext) => Promise<Outcome>): Act {
  return { schema, run };
}

const text = Type.String({ minLength: 1 });
const load = ({ root }: ActContext): Promise<LoadedProject> => loadValidProject(root);

/** Every act of the engine is the core call that its command makes. What a call needs is imported when it first runs. */
const acts: ReadonlyMap<string, Act> = new Map<string, Act>([
  [
    "check",
    act(Type.Object({}), async (_, { root }) => {
      const { diagnostics } = await loadProject(root);
      const errors = diagnostics.filter(({ severity }) => severity === "error").length;
      return { result: { diagnostics, errors, warnings: diagnostics.length - errors } };
    }),
  ],
  [
    "training-set",
    act(
      Type.Object({
        service: text,
        labels: Type.Union([Type.Object({ path: text }), Type.Object({ sql: text })]),
        out: text,
        time: Type.Optional(text),
        features: Type.Optional(Type.Array(text)),
        fullNames: Type.Optional(Type.Boolean()),
      }),
      async (parameters, context) => {
        const { buildTrainingSet } = await import("../../offline/node/training-set.js");
        const { signal, progress } = context;
        const { manifest } = await buildTrainingSet(await load(context), { ...parameters, signal, progress });
        return { result: manifest, view: { version: 1, kind: "training_set", path: parameters.out, manifest } };
      },
    ),
  ],
  [
    "materialize",
    act(
      Type.Object({ views: Type.Optional(Type.Array(text)), until: Type.Optional(text) }),
      async ({ views, until }, context) => {
        const { materialize } = await import("../../online/node/materialize.js");
        const { signal, progress } = context;
        const moments = { until: until === undefined ? BigInt(Date.now()) * 1000n : parseMoment(until, "until:") };
        const options = { ...moments, ...(views === undefined ? {} : { views }), signal, progress };
        return { result: await materialize(await load(context), options) };
      },
    ),
  ],
  [
    "skew",
    act(
      Type.Object({ service: text, log: Type.Optional(text), since: Type.Optional(text), until: Type.Optional(text) }),
      async ({ since, until, ...rest }, context) => {
        const { runSkew } = await import("../../skew/node/run-skew.js");
        const { hasServedLog } = await import("../../skew/node/served-log.js");
        const { signal, progress } = context;
        const from = since === undefined ? {} : { since: parseMoment(since, "since:") };
        const to = until === undefined ? {} : { until: parseMoment(until, "until:") };
        const options = { ...rest, ...from, ...to, signal, progress };
        const loaded = await load(context);
        const service = requireService(loaded.project, rest.service);
        const folder = rest.log ?? path.join(context.root, ".skewproof", "log");
        // An editor shows what to do rather than an error.
        const isEmpty = !hasServedLog(folder, service.name);
        const report = isEmpty ? collectReport(service).report(nothingServed) : await runSkew(loaded, options);
        return { result: report, view: { version: 1, kind: "skew", report } };
      },
    ),
  ],
  [
    "drift",
    act(
      Type.Object({
        reference: text,
        current: text,
        statistics: Type.Optional(Type.Array(text)),
        features: Type.Optional(Type.Array(text)),
      }),
      async (parameters, { root, signal }) => {
        const { runDrift } = await import("../../drift/node/run-drift.js");
        const report = await runDrift(root, { ...parameters, signal });
        const { reference, current } = parameters;
        return { result: report, view: { version: 1, kind: "drift", reference, current, report } };
      },
    ),
  ],
  [
    "profile",
    act(Type.Object({ file: text }), async ({ file }, { root, signal }) => {
      const { readOrProfile } = await import("../../drift/node/run-drift.js");
      return { result: await readOrProfile(root, file, undefined, signal) };
    }),
  ],
  [
    "run",
    act(
      Type.Object({
        pipeline: text,
        parameters: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
      }),
      async ({ pipeline, parameters = {} }, context) => {
        const { runPipeline } = await import("../../runs/node/run-pipeline.js");
        const { signal, progress } = context;
        return { result: await runPipeline(await load(context), { pipeline, parameters, signal, progress }) };
      },
    ),
  ],
  [
    "deploy",
    act(Type.Object({ model: text, target: text }), async ({ model, target }, context) => {
      const { deploy } = await import("../../serving/node/deploy.js");
      return { result: await deploy(await load(context), model, target, context.command) };
    }),
  ],
  [
    "rollback",
    act(Type.Object({ model: text, target: text }), async ({ model, target }, context) => {
      const { rollback } = await import("../../serving/node/deploy.js");
      return { result: await rollback(await load(context), model, target) };
    }),
  ],
]);

/** The work of a job, its parameters checked. Throws `usage` that names the field. */
export function prepareAct(kind: string, parameters: unknown): (context: ActContext) => Promise<Outcome> {
  const found = acts.get(kind);
  if (found === undefined)
    throw new SkewproofError(
      "usage",
      `There is no job of kind ${kind}.${didYouMean(kind, acts.keys())} Kinds: ${[...acts.keys()].join(", ")}.`,
    );
  const [first] = Value.Errors(found.schema, parameters);
  if (first !== undefined)
    throw new SkewproofError("usage", `${kind}: parameters${first.instancePath.replaceAll("/", ".")} ${first.message}.`);
  return (context) => found.run(parameters as never, context);
}
