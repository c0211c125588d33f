import type { DeploymentsView, FeaturesView, ModelsView } from "skewproof/views/view";
import * as vscode from "vscode";

import type { Engine } from "./engine.js";
import { row, type Row } from "./tree.js";

const expanded = { collapsibleState: vscode.TreeItemCollapsibleState.Expanded };
const collapsed = { collapsibleState: vscode.TreeItemCollapsibleState.Collapsed };

export interface FeatureTarget {
  readonly root: string;
  readonly view: string;
  readonly feature: string;
}

export interface ServiceTarget {
  readonly root: string;
  readonly service: string;
}

export interface ModelTarget {
  readonly root: string;
  readonly model: string;
  readonly version: string;
}

export interface DeployedTarget {
  readonly root: string;
  readonly model: string;
  readonly target: string;
}

/** Service → view → feature; views that no service serves come last. */
export async function featureRows(engine: Engine): Promise<Row[]> {
  const { root } = engine;
  const { services, views } = await engine.call<FeaturesView>("GET", "features");
  const viewRow = (view: FeaturesView["views"][number]): Row => ({
    item: row(view.name, view.owner ?? "", "symbol-class", { ...collapsed, tooltip: view.description ?? view.name }),
    children: () =>
      view.features.map((feature) => {
        const target: FeatureTarget = { root, view: view.name, feature: feature.name };
        return {
          item: row(feature.name, feature.type, "symbol-field", {
            contextValue: "skewproof.feature",
            tooltip: [feature.meaning, feature.description, `read by ${feature.models.join(", ") || "no model"}`]
              .filter((line) => line !== null)
              .join("\n"),
            command: { title: "Open Feature", command: "skewproof.openFeature", arguments: [root, view.name, feature.name] },
          }),
          target,
        };
      }),
  });
  const rows = services.map((service): Row => {
    const target: ServiceTarget = { root, service: service.name };
    return {
      item: row(service.name, service.owner ?? "", "symbol-interface", { ...expanded, contextValue: "skewproof.service" }),
      children: () => views.filter(({ name }) => service.views.includes(name)).map(viewRow),
      target,
    };
  });
  const unserved = views.filter(({ name }) => !services.some((service) => service.views.includes(name)));
  if (unserved.length === 0) return rows;
  return [...rows, { item: row("In no service", "", "circle-outline", collapsed), children: () => unserved.map(viewRow) }];
}

/** Model → versions, the newest first. */
export async function modelRows(engine: Engine): Promise<Row[]> {
  const { root } = engine;
  const { models } = await engine.call<ModelsView>("GET", "models");
  return models.map(({ name, owner, versions }) => ({
    item: row(name, owner ?? "", "package", expanded),
    children: () =>
      versions.length === 0
        ? [{ item: row("No version yet", "made by a run", "circle-outline") }]
        : versions.map(({ version, digest, run }): Row => {
            const target: ModelTarget = { root, model: name, version };
            return {
              item: row(`${name}@${version}`, run === null ? "imported" : `run ${run}`, "versions", {
                contextValue: "skewproof.version",
                tooltip: `bundle ${digest}`,
              }),
              target,
            };
          }),
  }));
}

/** Target → what is active there. */
export async function deploymentRows(engine: Engine): Promise<Row[]> {
  const { root } = engine;
  const { targets } = await engine.call<DeploymentsView>("GET", "deployments");
  return targets.map(({ name, kind, running }) => ({
    item: row(name, running?.url ?? `${kind}, nothing running`, running === null ? "circle-outline" : "vm-running", expanded),
    children: () =>
      Object.entries(running?.models ?? {}).map(([model, version]): Row => {
        const target: DeployedTarget = { root, model, target: name };
        return { item: row(`${model}@${version}`, "active", "pass", { contextValue: "skewproof.deployed" }), target };
      }),
  }));
}
