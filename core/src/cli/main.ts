import { Command, CommanderError } from "commander";

import { registerApply } from "./apply.js";
import { registerCheck } from "./check.js";
import { registerConsume } from "./consume.js";
import { registerDeploy } from "./deploy.js";
import { registerDrift } from "./drift.js";
import { registerEngine } from "./engine.js";
import { registerEval } from "./eval.js";
import { registerGet } from "./get.js";
import { registerInit } from "./init.js";
import { registerList } from "./list.js";
import { registerLsp } from "./lsp.js";
import { registerMaterialize } from "./materialize.js";
import { registerModel } from "./model.js";
import { registerParity } from "./parity.js";
import { registerPlan } from "./plan.js";
import { registerPush } from "./push.js";
import { registerRun } from "./run.js";
import { registerServe } from "./serve.js";
import { registerShow } from "./show.js";
import { reportFailure } from "./failure.js";
import { registerSkew } from "./skew.js";
import { registerTrainingSet } from "./training-set.js";
import { version } from "../version.js";

/** Runs the command line and returns the exit status (contracts §5). Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("skewproof")
    .description("Feature store and model operations: what you train on is what you serve.")
    .version(version)
    .option("--project <dir>", "the project's folder (default: the nearest skewproof.yaml upward)")
    .option("--json", "one JSON document on stdout; logs on stderr")
    .showHelpAfterError()
    .exitOverride();
  for (const register of [
    registerInit,
    registerCheck,
    registerList,
    registerShow,
    registerPlan,
    registerApply,
    registerTrainingSet,
    registerMaterialize,
    registerPush,
    registerConsume,
    registerGet,
    registerModel,
    registerServe,
    registerDeploy,
    registerEngine,
    registerLsp,
    registerEval,
    registerDrift,
    registerParity,
    registerSkew,
    registerRun,
  ])
    register(program);

  try {
    await program.parseAsync([...argv], { from: "user" });
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportFailure(error, argv.includes("--json"));
  }
}
