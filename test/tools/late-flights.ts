import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { repository, skewproof, temporaryFolder } from "../process/command-line.js";
import { freePort } from "./free-port.js";

const sample = path.join(repository, "samples/late-flights");

export function must(root: string, ...args: string[]): string {
  const { status, stdout, stderr } = skewproof(root, args);
  if (status !== 0) throw new Error(`skewproof ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

/** A copy of the sample with its data, the shipped model imported and the store filled until 2 June 2001, 07:00 UTC. */
export async function lateFlights(): Promise<string> {
  const root = path.join(temporaryFolder(), "late-flights");
  for (const name of ["skewproof.yaml", "definitions", "shipped", "train.py", "requirements.lock", "late-flights.ipynb"])
    cpSync(path.join(sample, name), path.join(root, name), { recursive: true });
  const settings = path.join(root, "skewproof.yaml");
  writeFileSync(settings, readFileSync(settings, "utf8").replace("8480", String(await freePort())));
  for (const name of ["flights-3m.parquet", "airports.csv"])
    cpSync(path.join(repository, "node_modules/vega-datasets/data", name), path.join(root, "data", name));
  must(root, "model", "import", "shipped/late_flight/model.onnx", "--model", "late_flight");
  must(root, "materialize", "--until", "2001-06-02T07:00:00Z");
  return root;
}

/** The engine and the sidecar outlive an editor by design; a test's own are ended with this. */
export function endProcesses(root: string): void {
  for (const file of ["deployments.json", "engine.json"]) {
    const state = path.join(root, ".skewproof", file);
    if (!existsSync(state)) continue;
    for (const [, pid] of readFileSync(state, "utf8").matchAll(/"pid":\s*(\d+)/g)) process.kill(Number(pid));
  }
}
