import path from "node:path";

import { skewproof } from "../process/command-line.js";
import type { OfflineEngine } from "./offline-engine.js";
import { readTable } from "./table-files.js";

/** DuckDB through the built command line; exit status 2 is a `usage` error (contracts §5), 1 an `invalid` one. */
export const commandLineEngine: OfflineEngine = async (project, labels, { service, time, features, full_names }) => {
  if ("sql" in labels) throw new Error("The command line takes a file of labels.");
  const out = path.join(project, "training.parquet");
  const { status, stderr } = skewproof(project, [
    "training-set",
    ...["--service", service, "--labels", labels.path, "--out", out, "--time", time],
    ...(features === undefined ? [] : ["--features", features.join(",")]),
    ...(full_names === true ? ["--full-names"] : []),
  ]);
  if (status !== 0) throw Object.assign(new Error(stderr), { code: { 1: "invalid", 2: "usage" }[status ?? 0] });
  return readTable(out);
};
