import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { keepSchedule } from "./keep-schedule.js";
import { wholeNumber } from "./whole-number.js";

export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("The serving sidecar: predictions and features over HTTP on this machine, with a token.")
    .option("--bundle <bundle...>", "bundle folders or model@version; default the latest version of every model")
    .option("--model-repository <dir>", "plain ONNX files in Triton's layout, NAME/VERSION/model.onnx; needs no project")
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port; 0 picks a free one", "8480")
    .option("--token-file <file>", "the token that requests must carry; made when it is not there")
    .option("--log-limit <bytes>", "disk that the log of served rows may take, such as 2GB; the oldest goes first", "10GB")
    .option("--log-segment <bytes>", "size at which the log's open file is closed and made Parquet", "64MB")
    .option("--log-sample <share>", "share of the entities whose served rows are logged, above 0 and at most 1", "1")
    .option("--store-deadline <ms>", "milliseconds a request waits for the online store before defaults answer", "50")
    .option("--replay", "accept a request's own moment (options.at), to replay history")
    .addHelpText("after", "\nExample:\n  skewproof serve --bundle late_flight@1 --port 0 --json")
    .action(act(serve));
}

interface Options {
  readonly bundle?: readonly string[];
  readonly modelRepository?: string;
  readonly host: string;
  readonly port: string;
  readonly tokenFile?: string;
  readonly replay?: boolean;
  readonly storeDeadline: string;
  readonly logLimit: string;
  readonly logSegment: string;
  readonly logSample: string;
}

async function serve(invocation: Invocation, options: Options): Promise<number> {
  const { default: path } = await import("node:path");
  const { SkewproofError } = await import("../errors.js");
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { startSidecar } = await import("../serving/node/start-sidecar.js");
  const { parseSize } = await import("../values/parse-size.js");
  const { listModelVersions } = await import("../models/node/model-store.js");
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SkewproofError("usage", `--port ${options.port} is no port; give a number from 0 to 65535.`);
  const sample = Number(options.logSample);
  if (!(sample > 0 && sample <= 1))
    throw new SkewproofError("usage", `--log-sample ${options.logSample} is no share; give a number above 0 and at most 1.`);
  const loopback = ["127.0.0.1", "localhost", "::1"].includes(options.host);
  if (!loopback && options.tokenFile === undefined)
    throw new SkewproofError(
      "usage",
      `Listening on ${options.host} lets other machines in. Give --token-file with a token of your own, or stay on 127.0.0.1.`,
    );
  const alone = options.modelRepository !== undefined && options.bundle === undefined && invocation.projectDir === undefined;
  const bundles = options.bundle?.map((one) => (one.includes("@") || /^[a-z][a-z0-9_]*$/.test(one) ? one : invocation.path(one)));
  const loaded = alone ? undefined : await loadValidProject(findProject(invocation.projectDir));
  const latest = loaded === undefined ? [] : [...new Set((await listModelVersions(loaded.root)).map(({ model }) => model))];
  const folder =
    loaded === undefined ? path.resolve(invocation.path(options.modelRepository ?? ".")) : path.join(loaded.root, ".skewproof");
  const sidecar = await startSidecar({
    ...(loaded === undefined ? {} : { loaded }),
    models: bundles ?? latest,
    ...(options.modelRepository === undefined ? {} : { modelRepository: invocation.path(options.modelRepository) }),
    host: options.host,
    port,
    replay: options.replay === true,
    storeDeadline: await wholeNumber("--store-deadline", options.storeDeadline, 1),
    logLimit: parseSize(options.logLimit, "--log-limit"),
    logSegment: parseSize(options.logSegment, "--log-segment"),
    logSample: sample,
    warn: (message) => void process.stderr.write(`${message}\n`),
    tokenFile: options.tokenFile === undefined ? path.join(folder, "sidecar.token") : invocation.path(options.tokenFile),
  });
  const document = { url: sidecar.url, grpc: null, token_file: sidecar.tokenFile, pid: process.pid };
  invocation.result(document, `Serving at ${sidecar.url}; the token is in ${sidecar.tokenFile}. Ctrl-C stops.`);
  const schedule = loaded === undefined || options.replay === true ? undefined : await keepSchedule(loaded);
  await invocation.interrupted;
  schedule?.stop();
  await sidecar.close();
  return 0;
}
