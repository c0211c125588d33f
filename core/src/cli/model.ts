import type { Command } from "commander";

import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerModel(program: Command): void {
  const model = program.command("model").description("Model versions: import, list, show.");
  model
    .command("import")
    .description("Register an ONNX file as the next version of a model.")
    .argument("<file>", "ONNX file")
    .requiredOption("--model <name>", "the model it is a version of")
    .addHelpText("after", "\nExample:\n  skewproof model import model.onnx --model late_flight")
    .action(act(importModel));
  model.command("list").description("List the registered versions.").argument("[model]").action(act(list));
  model
    .command("show")
    .description("Show a version: its inputs, the features that feed them, its run.")
    .argument("<reference>", "model, model@3 or model@latest")
    .action(act(show));
}

async function importModel(invocation: Invocation, file: string, options: { readonly model: string }): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { requireModel } = await import("../registry/find.js");
  const { registerModelVersion } = await import("../models/node/model-store.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const version = await registerModelVersion(loaded, {
    model: requireModel(loaded.project, options.model),
    file: invocation.path(file),
  });
  invocation.result(
    { model: version.model, version: version.version, digest: version.digest },
    `${version.model}@${version.version} ${version.digest}`,
  );
  return 0;
}

async function list(invocation: Invocation, model: string | undefined): Promise<number> {
  const { findProject } = await import("../registry/node/load-project.js");
  const { listModelVersions } = await import("../models/node/model-store.js");
  const versions = await listModelVersions(findProject(invocation.projectDir), model);
  const rows = versions.map(({ model: name, version, digest, bundle }) => ({
    model: name,
    version,
    service: bundle.service,
    run: bundle.run ?? null,
    digest,
  }));
  invocation.result(
    rows,
    rows.length === 0
      ? "No model version is registered yet."
      : table(
          ["model", "version", "service", "run", "digest"],
          rows.map((row) => [row.model, row.version, row.service, row.run ?? "", row.digest.slice(0, 12)]),
        ),
  );
  return 0;
}

async function show(invocation: Invocation, reference: string): Promise<number> {
  const { findProject } = await import("../registry/node/load-project.js");
  const { findModelVersion } = await import("../models/node/model-store.js");
  const { bundle, digest } = await findModelVersion(findProject(invocation.projectDir), reference);
  invocation.result({ digest, ...bundle }, JSON.stringify({ digest, ...bundle }, undefined, 2));
  return 0;
}
