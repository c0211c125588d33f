import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { keepSchedule } from "./keep-schedule.js";

export function registerEngine(program: Command): void {
  program
    .command("engine")
    .description("The local API behind editors and notebooks; one per project, ended when idle.")
    .option("--ensure", "only make sure that one runs, and say where")
    .option("--port <port>", "default: a free one", "0")
    .option("--idle-minutes <minutes>", "end after so many without a request", "30")
    .addHelpText("after", "\nExample:\n  skewproof engine --ensure --json")
    .action(act(engine));
}

interface Options {
  readonly ensure?: boolean;
  readonly port: string;
  readonly idleMinutes: string;
}

async function engine(invocation: Invocation, options: Options): Promise<number> {
  const { SkewproofError } = await import("../errors.js");
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { answeringEngine, ensureEngine, pageAddress } = await import("../engine/node/engine-file.js");
  const root = findProject(invocation.projectDir);
  const command = [process.execPath, process.argv[1] ?? ""];
  const [port, idleMinutes] = [Number(options.port), Number(options.idleMinutes)];
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SkewproofError("usage", `--port ${options.port} is no port; give a number from 0 to 65535.`);
  if (!(idleMinutes > 0)) throw new SkewproofError("usage", `--idle-minutes ${options.idleMinutes} is no number above 0.`);
  const found = options.ensure === true ? await ensureEngine(root, command) : await answeringEngine(root);
  if (found !== undefined) {
    invocation.result(found, `The engine answers (pid ${found.pid}). Its page: ${pageAddress(found)}`);
    return 0;
  }
  const { startEngine } = await import("../engine/node/start-engine.js");
  const started = await startEngine({ root, command, port, idleMinutes });
  const { address } = started;
  invocation.result(address, `The engine answers. Its page: ${pageAddress(address)}\nCtrl-C stops it.`);
  // A project that is not valid yet has no schedule; its engine serves the editor all the same.
  const loaded = await loadValidProject(root).catch(() => undefined);
  const schedule = loaded === undefined ? undefined : await keepSchedule(loaded);
  await Promise.race([started.over, invocation.interrupted]);
  schedule?.stop();
  await started.close();
  return 0;
}
