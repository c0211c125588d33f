import { createReadStream, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

import { isSkewproofError, SkewproofError } from "../../errors.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { featureLogColumns } from "../../serving/feature-log-columns.js";
import { fromJsonValue } from "../../values/json-value.js";
import type { Value } from "../../values/value.js";

/** The served rows of one service, in the columns of `featureLogColumns`. */
export interface ServedLog {
  readonly rows: readonly (readonly Value[])[];
  readonly unreadable: number;
}

/** Reads the log of a service, finished segments and open ones. Throws `missing` when nothing was ever served. */
export async function readServedLog(folder: string, service: FeatureService, since: bigint | undefined): Promise<ServedLog> {
  const target = path.join(folder, service.name);
  const files = existsSync(target)
    ? readdirSync(target)
        .filter((name) => /\.ndjson(\.open)?$/.test(name))
        .sort()
    : [];
  if (files.length === 0)
    throw new SkewproofError(
      "missing",
      `Nothing was served from ${service.name} yet: ${target} holds no log. Send requests to a sidecar first.`,
    );
  const columns = featureLogColumns(service);
  const at = columns.findIndex(({ name }) => name === "at");
  const rows: Value[][] = [];
  let unreadable = 0;
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(path.join(target, file)), crlfDelay: Infinity })) {
      try {
        // Each value is checked against its column's type on the next line.
        const json = JSON.parse(line) as Record<string, unknown>;
        const row = columns.map(({ name, type }) => fromJsonValue(json[name], type));
        if (since === undefined || ((row[at] as bigint | null) ?? since) >= since) rows.push(row);
      } catch (error) {
        if (!(error instanceof SyntaxError) && !isSkewproofError(error)) throw error;
        unreadable++;
      }
    }
  }
  return { rows, unreadable };
}
