import path from "node:path";

import type { FeaturesView, FeatureView } from "skewproof/views/view";
import { skewCauses, type FeatureSkew, type SkewCause, type SkewExample, type SkewReport } from "skewproof/skew/skew-report";
import { causeWords, skewRemarks, skewSentence } from "skewproof/skew/skew-text";
import * as vscode from "vscode";

import type { Engine } from "./engine.js";
import type { Projects } from "./projects.js";

/**
 * Served values as tests: a service for each of the workspace's, and under it, once it ran, what differs by cause, feature
 * and example. Running one checks its service.
 */
export function registerSkewTests(projects: Projects): vscode.TestController {
  const controller = vscode.tests.createTestController("skewproof.skew", "Served Features");
  /** By service item: where to ask, and for what. */
  const services = new Map<string, { readonly engine: Engine; readonly service: string }>();

  async function find(): Promise<void> {
    const engines = await projects.all();
    const items = await Promise.all(engines.map((engine) => servicesOf(engine, engines.length > 1)));
    controller.items.replace(items.flat());
  }

  async function servicesOf(engine: Engine, isOneOfMany: boolean): Promise<vscode.TestItem[]> {
    const { services: found } = await engine.call<FeaturesView>("GET", "features");
    return found.map(({ name }) => {
      const id = `${engine.root} ${name}`;
      services.set(id, { engine, service: name });
      const item = controller.createTestItem(id, name, vscode.Uri.file(path.join(engine.root, "skewproof.yaml")));
      item.description = isOneOfMany ? path.basename(engine.root) : "served equals trained";
      return item;
    });
  }

  controller.resolveHandler = async (item) => {
    if (item === undefined) await find();
  };
  controller.refreshHandler = find;

  async function run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    if (controller.items.size === 0) await find();
    const asked = request.include ?? [...controller.items].map(([, item]) => item);
    const excluded = new Set((request.exclude ?? []).map(serviceItem));
    const chosen = [...new Set(asked.map(serviceItem))].filter((item) => !excluded.has(item));
    const testRun = controller.createTestRun(request, "Skew");
    for (const item of chosen) testRun.enqueued(item);
    for (const item of chosen) {
      const found = services.get(item.id);
      if (found === undefined || token.isCancellationRequested) testRun.skipped(item);
      else await check(testRun, item, found.engine, found.service, token);
    }
    testRun.end();
  }

  async function check(
    testRun: vscode.TestRun,
    item: vscode.TestItem,
    engine: Engine,
    service: string,
    token: vscode.CancellationToken,
  ): Promise<void> {
    testRun.started(item);
    item.children.replace([]);
    const started = performance.now();
    const say = (text: string): void => testRun.appendOutput(`${text.replaceAll("\n", "\r\n")}\r\n`, undefined, item);
    try {
      const job = await engine.run("skew", { service }, say, () => token.isCancellationRequested);
      if (job?.view?.kind !== "skew") {
        testRun.skipped(item);
        return;
      }
      const { report } = job.view;
      for (const line of [skewSentence(report), ...skewRemarks(report)]) say(line);
      if (report.compared === 0) testRun.skipped(item);
      else if (report.different === 0) testRun.passed(item, performance.now() - started);
      else {
        await addFailures(testRun, item, report, engine);
        testRun.failed(item, new vscode.TestMessage(skewSentence(report)), performance.now() - started);
      }
    } catch (error) {
      testRun.errored(item, new vscode.TestMessage(error instanceof Error ? error.message : String(error)));
    }
  }

  /** Cause, then feature, then example. */
  async function addFailures(testRun: vscode.TestRun, item: vscode.TestItem, report: SkewReport, engine: Engine): Promise<void> {
    for (const cause of skewCauses) {
      const count = report.causes[cause];
      if (count === undefined) continue;
      const causeItem = child(item, cause, causeWords[cause], String(count));
      for (const feature of report.features.filter(({ causes }) => causes[cause] !== undefined))
        await addFeature(testRun, causeItem, report, feature, cause, engine);
    }
  }

  async function addFeature(
    testRun: vscode.TestRun,
    causeItem: vscode.TestItem,
    report: SkewReport,
    feature: FeatureSkew,
    cause: SkewCause,
    engine: Engine,
  ): Promise<void> {
    const place = await definitionOf(engine, feature);
    const count = feature.causes[cause] ?? 0;
    const featureItem = child(causeItem, feature.feature, feature.feature, `${count} of ${feature.compared}`, place);
    for (const [index, example] of feature.examples.filter((one) => one.cause === cause).entries()) {
      const entities = Object.entries(report.rows[example.row]?.entities ?? {});
      const entity = entities.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
      const exampleItem = child(featureItem, String(index), entity || "every entity", report.rows[example.row]?.at ?? "", place);
      testRun.failed(exampleItem, differenceOf(report, feature.feature, example, place));
    }
  }

  function child(
    parent: vscode.TestItem,
    id: string,
    label: string,
    description: string,
    place?: vscode.Location,
  ): vscode.TestItem {
    const item = controller.createTestItem(`${parent.id} ${id}`, label, place?.uri ?? parent.uri);
    item.description = description;
    if (place !== undefined) item.range = place.range;
    parent.children.add(item);
    return item;
  }

  controller.createRunProfile("Check Skew", vscode.TestRunProfileKind.Run, run, true);
  return controller;
}

function serviceItem(item: vscode.TestItem): vscode.TestItem {
  return item.parent === undefined ? item : serviceItem(item.parent);
}

/** Both whole rows as a difference: what training computes is expected, what was served is actual. */
function differenceOf(
  report: SkewReport,
  feature: string,
  example: SkewExample,
  place: vscode.Location | undefined,
): vscode.TestMessage {
  const row = report.rows[example.row];
  const text = (values: unknown): string => JSON.stringify(values, null, 2);
  const message = vscode.TestMessage.diff(
    `${feature}: served ${JSON.stringify(example.served)}, recomputed ${JSON.stringify(example.recomputed)}. ${example.because}`,
    text(row?.recomputed),
    text(row?.served),
  );
  if (place !== undefined) message.location = place;
  return message;
}

async function definitionOf(engine: Engine, { view, feature }: FeatureSkew): Promise<vscode.Location | undefined> {
  try {
    const route = `features/${encodeURIComponent(view)}/${encodeURIComponent(feature)}`;
    const { defined } = await engine.call<FeatureView>("GET", route);
    return new vscode.Location(vscode.Uri.file(path.join(engine.root, defined.file)), new vscode.Position(defined.line, 0));
  } catch {
    // The feature's definition went away while the check ran.
    return undefined;
  }
}
