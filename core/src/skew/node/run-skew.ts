import path from "node:path";

import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { featureMeanings } from "../../serving/feature-log-header.js";
import { collectReport } from "../collect-report.js";
import type { SkewReport } from "../skew-report.js";
import { comparePart } from "./compare-part.js";
import { explainRows } from "./explain-rows.js";
import { openServedLog, type ServedLog } from "./served-log.js";

export interface SkewOptions {
  readonly service: string;
  /** Folder of the log; default the project's own. */
  readonly log?: string;
  /** Only rows served at this moment (microseconds) or later. */
  readonly since?: bigint;
  /** Only rows served before this moment. */
  readonly until?: bigint;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

/** Rows compared at a time: what bounds the memory, whole files each time. */
const rowsOfPart = 250_000;

/**
 * Recomputes what the log says was served, as training would compute it at the same moments, compares, and finds out why
 * values differ. Throws `missing` when nothing was served.
 */
export async function runSkew(
  { root, project }: LoadedProject,
  { service: name, log, since, until, signal, progress = () => undefined }: SkewOptions,
): Promise<SkewReport> {
  const service = requireService(project, name);
  const folder = path.resolve(log ?? path.join(root, ".skewproof", "log"));
  await using session = await openDuckdb({ root, folders: [folder] });
  progress("Reading the served log");
  const served = await openServedLog(session, folder, service);
  const moment = (micros: bigint): string => literalToDuckdb(micros, { kind: "timestamp" });
  const conditions = [
    ...(since === undefined ? [] : [`"at" >= ${moment(since)}`]),
    ...(until === undefined ? [] : [`"at" < ${moment(until)}`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const explained = { root, service, headers: served.headers, meanings: featureMeanings(project, service) };
  const collected = collectReport(service);
  const total = served.files.reduce((sum, { rows }) => sum + rows, 0);
  let done = 0;
  for (const files of parts(served)) {
    progress(`Comparing ${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} served rows`);
    const rows = files.map(({ relation }) => `SELECT * FROM (${relation})${where}`).join(" UNION ALL ");
    const counts = await comparePart(session, service, served.headers, project.digest, rows, signal);
    collected.addPart(counts);
    if (counts.different > 0) {
      progress(`Explaining ${counts.different.toLocaleString("en-US")} rows that differ`);
      for await (const row of explainRows(session, explained, signal)) collected.addRow(row);
    }
    done += files.reduce((sum, file) => sum + file.rows, 0);
  }
  return collected.report({
    unreadable: served.unreadable,
    notLogged: served.notLogged,
    incomparable: served.incomparable,
    samples: [...new Set(served.headers.map(({ sample }) => sample))].sort((a, b) => a - b),
  });
}

function parts({ files }: ServedLog): ServedLog["files"][number][][] {
  const all: ServedLog["files"][number][][] = [];
  let rows = rowsOfPart;
  for (const file of files) {
    if (rows >= rowsOfPart) {
      all.push([]);
      rows = 0;
    }
    all.at(-1)?.push(file);
    rows += file.rows;
  }
  return all;
}
