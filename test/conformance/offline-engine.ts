import type { Question } from "./case.js";
import type { TextTable } from "./table-files.js";

/**
 * An offline engine as the suite sees it: makes the training set of a project's service for labels, and gives its rows in
 * order. Refuses by throwing an error with a `code` (`SkewproofError`'s) and a message. A new engine runs the whole suite
 * by a test file that gives `runCases` such a function.
 */
export type OfflineEngine = (
  project: string,
  labels: { readonly path: string } | { readonly sql: string },
  options: Question["options"],
) => Promise<TextTable>;
