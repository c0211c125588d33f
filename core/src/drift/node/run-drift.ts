import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { fileRelation } from "../../offline/source-relation.js";
import { profileRelation } from "../../profiles/node/profile-relation.js";
import type { Profile } from "../../profiles/profile.js";
import { driftReport, type DriftOptions, type DriftReport } from "../drift-report.js";

export interface DriftRequest extends DriftOptions {
  /** A profile (.json) or a table; absolute, or relative to `root`. */
  readonly reference: string;
  readonly current: string;
  readonly signal?: AbortSignal;
}

/** Drift of one table or profile against another; a table is counted by the reference's frozen bins. */
export async function runDrift(root: string, { reference, current, signal, ...options }: DriftRequest): Promise<DriftReport> {
  const base = await readOrProfile(root, reference, undefined, signal);
  return driftReport(base, await readOrProfile(root, current, base, signal), options);
}

/** The profile in a .json file, or that of a table. */
export async function readOrProfile(root: string, file: string, reference?: Profile, signal?: AbortSignal): Promise<Profile> {
  const full = path.resolve(root, file);
  if (!existsSync(full))
    throw new SkewproofError("missing", `${full} is not there. Give a profile (.json) or a table (.parquet, .csv).`);
  if (full.endsWith(".json")) {
    try {
      // Our own form; what is not a profile fails here or has no columns in common.
      const profile = JSON.parse(readFileSync(full, "utf8")) as Profile;
      if ((profile.version as number) === 1 && Array.isArray(profile.columns)) return profile;
    } catch (error) {
      throw new SkewproofError(
        "corrupt",
        `${full} is not JSON. Make a profile with \`skewproof profile FILE --out PROFILE.json\`.`,
        { cause: error },
      );
    }
    throw new SkewproofError("corrupt", `${full} is not a profile. Make one with \`skewproof profile FILE --out PROFILE.json\`.`);
  }
  await using session = await openDuckdb({ root, folders: [path.dirname(full)] });
  const relation = fileRelation(full);
  return await profileRelation(session, relation, await session.describe(`SELECT * FROM ${relation}`), reference, signal);
}
