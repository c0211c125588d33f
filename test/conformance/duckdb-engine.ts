import path from "node:path";

import { buildTrainingSet } from "skewproof/offline/node/training-set";
import { loadValidProject } from "skewproof/registry/node/load-project";

import type { OfflineEngine } from "./offline-engine.js";
import { readTable } from "./table-files.js";

/** DuckDB through the library. It makes the project the process's working directory: one question at a time. */
export const duckdbEngine: OfflineEngine = async (project, labels, { service, time, features, full_names }) => {
  const out = path.join(project, "training.parquet");
  await buildTrainingSet(await loadValidProject(project), {
    service,
    labels,
    out,
    time,
    ...(features === undefined ? {} : { features }),
    ...(full_names === undefined ? {} : { fullNames: full_names }),
  });
  return readTable(out);
};
