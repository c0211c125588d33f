import { isSkewproofError } from "../../errors.js";
import type { History } from "../findings/context.js";
import { readModelReaders } from "./model-readers.js";
import { appliedDefinitions, readAudit, readSnapshot } from "./registry-store.js";

/** What was applied and registered before; a record that cannot be read is told, and does not stop the rest. */
export function readHistory(root: string): History {
  const versions = readModelReaders(root);
  try {
    const audit = readAudit(root);
    const last = audit.at(-1);
    return {
      ...(last === undefined ? {} : { applied: readSnapshot(root, last.digest) }),
      versions,
      appliedAs: (definitions) => appliedDefinitions(root, audit, definitions),
    };
  } catch (error) {
    if (!isSkewproofError(error)) throw error;
    return { versions, appliedAs: () => undefined, damage: error.message };
  }
}
