import { isSkewproofError } from "../../errors.js";
import type { History } from "../findings/context.js";
import { readModelReaders } from "./model-readers.js";
import type { Snapshot } from "../snapshot.js";
import { readOnce, type ProjectMemory } from "./project-memory.js";
import { appliedDefinitions, auditFile, readAudit, readSnapshot } from "./registry-store.js";

/** What was applied and registered before; a record that cannot be read is told, and does not stop the rest. */
export function readHistory(root: string, memory?: ProjectMemory): History {
  return { versions: readModelReaders(root, "current"), ...readOnce(memory, auditFile(root), () => readRegistry(root)) };
}

function readRegistry(root: string): Omit<History, "versions"> {
  try {
    const audit = readAudit(root);
    const last = audit.at(-1);
    const found = new Map<string, Snapshot | undefined>();
    return {
      ...(last === undefined ? {} : { applied: readSnapshot(root, last.digest) }),
      appliedAs(definitions) {
        if (!found.has(definitions)) found.set(definitions, appliedDefinitions(root, audit, definitions));
        return found.get(definitions);
      },
    };
  } catch (error) {
    if (!isSkewproofError(error)) throw error;
    return { appliedAs: () => undefined, damage: error.message };
  }
}
