import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Distribution } from "../../views/view.js";
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

/** The newest training set of any of these services, with what it holds; nothing is computed. A damaged file counts as none. */
export function latestProfile(root: string, services: readonly string[]): Remembered | null {
  const found = services.flatMap((service) => {
    const file = place(root, service);
    if (!existsSync(file)) return [];
    try {
      // Our own file, renamed into place.
      return [JSON.parse(readFileSync(file, "utf8")) as Remembered];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
  return found.sort((a, b) => (a.asOf < b.asOf ? 1 : -1))[0] ?? null;
}

/** How a feature was distributed in that training set. */
export function latestDistribution(
  root: string,
  services: readonly string[],
  view: string,
  feature: string,
): Distribution | null {
  const found = latestProfile(root, services);
  const names = [feature, `${view}__${feature}`];
  const column = found?.profile.columns.find(({ name }) => names.includes(name));
  if (found === null || column === undefined) return null;
  return { file: found.file, asOf: found.asOf, rows: found.profile.rows, column };
}
