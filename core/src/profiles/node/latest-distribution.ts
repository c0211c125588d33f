import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { DistributionOf } from "../../views/view.js";
import type { Profile } from "../profile.js";

interface Remembered {
  readonly file: string;
  readonly asOf: string;
  readonly profile: Profile;
}

const place = (root: string, service: string): string => path.join(root, ".skewproof", "distributions", `${service}.json`);

/** Keeps the profile of a service's newest training set where panels and lenses find it, wherever the training set was written. */
export function rememberDistribution(root: string, service: string, out: string, profile: Profile): void {
  const remembered: Remembered = { file: path.relative(root, out), asOf: new Date().toISOString(), profile };
  const file = place(root, service);
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(remembered));
  renameSync(temporary, file);
}

/** Reads what was remembered, each service's file once; nothing is computed. A damaged file counts as none. */
export function readDistributions(root: string): DistributionOf {
  const known = new Map<string, Remembered | null>();
  const remembered = (service: string): Remembered | null => {
    const found = known.has(service) ? (known.get(service) ?? null) : readRemembered(place(root, service));
    known.set(service, found);
    return found;
  };
  return (services, view, feature) => {
    const [found] = services
      .map(remembered)
      .filter((one) => one !== null)
      .sort((a, b) => (a.asOf < b.asOf ? 1 : -1));
    const column = found?.profile.columns.find(({ name }) => name === feature || name === `${view}__${feature}`);
    if (found === undefined || column === undefined) return null;
    return { file: found.file, asOf: found.asOf, rows: found.profile.rows, column };
  };
}

function readRemembered(file: string): Remembered | null {
  if (!existsSync(file)) return null;
  try {
    // Our own file, renamed into place.
    return JSON.parse(readFileSync(file, "utf8")) as Remembered;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
