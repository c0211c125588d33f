import path from "node:path";

import type { Request } from "@skewproof/webviews/host";
import type { DeploymentsView, FeaturesView, FeatureView, ModelsView } from "skewproof/views/view";
import type { Job } from "skewproof/engine/job";
import * as vscode from "vscode";

import { runCommand, type CommandLine, type Engine } from "./engine.js";
import type { Panels } from "./panel.js";
import type { Projects } from "./projects.js";
import type { DeployedTarget, FeatureTarget, ModelTarget, ServiceTarget } from "./rows.js";
import type { Row } from "./tree.js";

export interface Workbench {
  readonly projects: Projects;
  readonly panels: Panels;
  readonly command: CommandLine;
  readonly refresh: () => void;
}

/** Every command, by id. Each ends with a sentence when something went wrong. */
export function commands(workbench: Workbench): Readonly<Record<string, (...args: never[]) => Promise<void> | void>> {
  return {
    "skewproof.refresh": () => workbench.refresh(),
    "skewproof.init": () => init(workbench),
    "skewproof.openFeature": (root: string, view: string, feature: string) => openFeature(workbench, root, view, feature),
    "skewproof.goToDefinition": async (row: Row) => {
      const { root, view, feature } = row.target as FeatureTarget;
      const found = await workbench.projects.at(root).call<FeatureView>("GET", featureRoute(view, feature));
      await openDefinition(root, found.defined.file, found.defined.line);
    },
    "skewproof.runSkew": (row?: Row) => runSkew(workbench, row?.target as ServiceTarget | undefined),
    "skewproof.deploy": (row?: Row) => deploy(workbench, row?.target as ModelTarget | undefined),
    "skewproof.rollback": (row: Row) => rollback(workbench, row.target as DeployedTarget),
  };
}

const featureRoute = (view: string, feature: string): string =>
  `features/${encodeURIComponent(view)}/${encodeURIComponent(feature)}`;

async function openDefinition(root: string, file: string, line: number): Promise<void> {
  const at = new vscode.Range(line, 0, line, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(path.join(root, file)), { selection: at });
}

async function openFeature(workbench: Workbench, root: string, view: string, feature: string): Promise<void> {
  const found = await workbench.projects.at(root).call<FeatureView>("GET", featureRoute(view, feature));
  workbench.panels.show(`feature ${root} ${view}.${feature}`, feature, found, (request) => void answer(workbench, root, request));
}

async function answer(workbench: Workbench, root: string, request: Request): Promise<void> {
  if (request.type === "open-definition") await openDefinition(root, request.file, request.line);
  if (request.type === "open-feature") await openFeature(workbench, root, request.view, request.feature);
  if (request.type === "run-skew") await runSkew(workbench, { root, service: request.service });
}

async function init({ command, refresh }: Workbench): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) {
    void vscode.window.showErrorMessage("Open a folder first: the project is made in it.");
    return;
  }
  const name = await vscode.window.showInputBox({
    title: "Create a Skewproof project",
    prompt: "Name of the new folder; small letters, digits, - and _",
    value: "features",
    validateInput: (text) =>
      /^[a-z][a-z0-9_-]*$/.test(text) ? undefined : "Begin with a small letter; then letters, digits, - and _.",
  });
  if (name === undefined) return;
  await runCommand(command, ["init", path.join(folder.uri.fsPath, name)]);
  refresh();
}

/** The one that is there, or the one that is picked; undefined when nothing was picked. */
async function pick<T>(title: string, all: readonly T[], label: (one: T) => string, none: string): Promise<T | undefined> {
  if (all.length === 0) throw new Error(none);
  if (all.length === 1) return all[0];
  const items = all.map((one) => ({ label: label(one), one }));
  return (await vscode.window.showQuickPick(items, { title }))?.one;
}

function work(title: string, engine: Engine, kind: string, parameters: unknown): Thenable<Job | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, (progress, token) =>
    engine.run(
      kind,
      parameters,
      (message) => progress.report({ message }),
      () => token.isCancellationRequested,
    ),
  );
}

async function runSkew(workbench: Workbench, target: ServiceTarget | undefined): Promise<void> {
  const chosen = target ?? (await pickService(workbench));
  if (chosen === undefined) return;
  const { root, service } = chosen;
  const job = await work(`Skew of ${service}`, workbench.projects.at(root), "skew", { service });
  if (job?.view)
    workbench.panels.show(
      `skew ${root} ${service}`,
      `Skew: ${service}`,
      job.view,
      (request) => void answer(workbench, root, request),
    );
}

async function pickService({ projects }: Workbench): Promise<ServiceTarget | undefined> {
  const all = await Promise.all(
    (await projects.all()).map(async (engine) => {
      const { services } = await engine.call<FeaturesView>("GET", "features");
      return services.map(({ name }): ServiceTarget => ({ root: engine.root, service: name }));
    }),
  );
  return pick("Run Skew Check", all.flat(), ({ service }) => service, "No feature service is defined here.");
}

async function pickVersion({ projects }: Workbench): Promise<ModelTarget | undefined> {
  const all = await Promise.all(
    (await projects.all()).map(async (engine) => {
      const { models } = await engine.call<ModelsView>("GET", "models");
      return models.flatMap(({ name, versions }) =>
        versions.map(({ version }): ModelTarget => ({ root: engine.root, model: name, version })),
      );
    }),
  );
  const none = "No model has a version yet. `skewproof run` makes one; `skewproof model import` takes an ONNX file.";
  return pick("Deploy Model", all.flat(), ({ model, version }) => `${model}@${version}`, none);
}

async function deploy(workbench: Workbench, chosen: ModelTarget | undefined): Promise<void> {
  const version = chosen ?? (await pickVersion(workbench));
  if (version === undefined) return;
  const reference = `${version.model}@${version.version}`;
  const engine = workbench.projects.at(version.root);
  const { targets } = await engine.call<DeploymentsView>("GET", "deployments");
  const local = targets.filter(({ kind }) => kind === "process");
  const none = "skewproof.yaml names no target of kind process. Add `targets: { local: { kind: process, port: 8480 } }`.";
  const target = await pick(`Deploy ${reference} to`, local, ({ name }) => name, none);
  if (target === undefined) return;
  const before = target.running?.models[version.model];
  const detail =
    target.running === null
      ? "A sidecar is started there."
      : before === undefined
        ? `It joins what answers at ${target.running.url}.`
        : `It takes the place of ${version.model}@${before} at ${target.running.url}, without a pause.`;
  const sure = await vscode.window.showInformationMessage(
    `Deploy ${reference} to ${target.name}?`,
    { modal: true, detail },
    "Deploy",
  );
  if (sure !== "Deploy") return;
  const job = await work(`Deploying ${reference}`, engine, "deploy", { model: reference, target: target.name });
  workbench.refresh();
  if (job === undefined) return;
  // The result of `deploy`, as its command prints it.
  const { url } = job.result as { readonly url: string };
  const actions = before === undefined ? [] : ["Roll Back"];
  const said = await vscode.window.showInformationMessage(`${reference} answers at ${url}.`, ...actions);
  if (said === "Roll Back") await rollback(workbench, { root: version.root, model: version.model, target: target.name });
}

async function rollback(workbench: Workbench, { root, model, target }: DeployedTarget): Promise<void> {
  const job = await work(`Rolling back ${model}`, workbench.projects.at(root), "rollback", { model, target });
  workbench.refresh();
  if (job === undefined) return;
  const { models } = job.result as { readonly models: Readonly<Record<string, string>> };
  void vscode.window.showInformationMessage(`${model}@${models[model] ?? "?"} is active at ${target} again.`);
}
