import type { Command } from "commander";

import type { Deployment } from "../serving/node/deploy.js";
import { act, type Invocation } from "./command.js";

export function registerDeploy(program: Command): void {
  program
    .command("deploy")
    .description("Deploy a model version to a target: verified, loaded beside the old one, then switched.")
    .argument("<model>", "model, or model@version; default the latest")
    .requiredOption("--to <target>", "a target of skewproof.yaml")
    .addHelpText("after", "\nExample:\n  skewproof deploy late_flight@3 --to local")
    .action(act(deployModel));
  program
    .command("rollback")
    .description("Make the version before active again.")
    .argument("<model>")
    .requiredOption("--to <target>", "a target of skewproof.yaml")
    .action(act(rollbackModel));
  program.command("status").description("What runs at a target.").argument("<target>").action(act(status));
}

async function load(invocation: Invocation) {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  return loadValidProject(findProject(invocation.projectDir));
}

function tell(invocation: Invocation, deployment: Deployment): number {
  const models = Object.entries(deployment.models).map(([model, version]) => `${model}@${version}`);
  invocation.result(
    deployment,
    `${deployment.target}: ${models.join(", ")} at ${deployment.url} (pid ${deployment.pid}); the token is in ${deployment.token_file}.`,
  );
  return 0;
}

async function deployModel(invocation: Invocation, model: string, options: { readonly to: string }): Promise<number> {
  const { deploy } = await import("../serving/node/deploy.js");
  return tell(invocation, await deploy(await load(invocation), model, options.to, [process.execPath, process.argv[1] ?? ""]));
}

async function rollbackModel(invocation: Invocation, model: string, options: { readonly to: string }): Promise<number> {
  const { rollback } = await import("../serving/node/deploy.js");
  return tell(invocation, await rollback(await load(invocation), model, options.to));
}

async function status(invocation: Invocation, target: string): Promise<number> {
  const { deploymentAt } = await import("../serving/node/deploy.js");
  const deployment = await deploymentAt(await load(invocation), target);
  if (deployment !== undefined) return tell(invocation, deployment);
  invocation.result({ target, running: false }, `Nothing runs at the target ${target}.`);
  return 0;
}
