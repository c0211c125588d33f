import type { Parsed } from "../definitions/parse-definitions.js";
import type { Kind } from "../definitions/schemas.js";
import type { Diagnostic } from "../diagnostic.js";
import type { BoundProject } from "./bound-project.js";
import type { Findings, History } from "./findings/context.js";
import { deployedFindings } from "./findings/deployed.js";
import { leakageFindings } from "./findings/leakage.js";
import { piiFindings } from "./findings/pii.js";
import { readerFindings } from "./findings/readers.js";
import { sameMeaningFindings } from "./findings/same-meaning.js";
import { schemaDriftFindings } from "./findings/schema-drift.js";
import { timeFindings } from "./findings/time.js";
import { createReport } from "./report.js";
import type { Facts, LabelColumns } from "./source-facts.js";

/**
 * What is wrong with a project beyond its validity: leakage, time, readers, personal data, drift, deployed models. Of an
 * invalid one it is not said what nothing reads or what a model misses: what has a mistake is not bound, and reads nothing.
 */
export function governanceFindings({
  parsed,
  history,
  isValid,
  ...rest
}: {
  readonly isValid: boolean;
  readonly project: Omit<BoundProject, "digest">;
  readonly parsed: readonly Parsed[];
  readonly sources: Facts;
  readonly labels: LabelColumns;
  readonly history: History;
}): Diagnostic[] {
  const documents = new Map<string, Parsed>();
  for (const at of parsed) {
    const id = `${at.kind} ${at.definition.name}`;
    if (!documents.has(id)) documents.set(id, at);
  }
  const report = createReport();
  const findings: Findings = {
    ...rest,
    ...history,
    report,
    // The id's kind is the document's.
    documentOf: <K extends Kind>(kind: K, name: string) => documents.get(`${kind} ${name}`) as Parsed<K> | undefined,
  };
  for (const find of [
    leakageFindings,
    timeFindings,
    piiFindings,
    sameMeaningFindings,
    schemaDriftFindings,
    ...(isValid ? [readerFindings, deployedFindings] : []),
  ])
    find(findings);
  return report.diagnostics;
}
