import { printValueType } from "../../values/value-type-text.js";
import type { Findings } from "./context.js";

/** Columns of the data that came, went or changed since the definitions were applied. */
export function schemaDriftFindings({ project, applied, report, documentOf }: Findings): void {
  for (const source of project.sources.values()) {
    const before = applied?.entries[`source ${source.name}`]?.columns;
    const at = documentOf("source", source.name);
    if (before === undefined || source.columns === undefined || at === undefined) continue;
    const place = [source.location.kind === "stream" ? "schema" : source.location.kind];
    const now = new Map(source.columns.map(({ name, type }) => [name, printValueType(type)]));
    for (const [name, type] of Object.entries(before)) {
      const found = now.get(name);
      if (found === undefined)
        report.problem(
          at,
          place,
          "schema-column-lost",
          `The data of ${source.name} had a column ${name} (${type}) when it was applied, and has it no more.`,
        );
      else if (found !== type)
        report.problem(
          at,
          place,
          "schema-type-changed",
          `The column ${name} of ${source.name} was ${type} when it was applied, and is ${found}. Cast it in a query to keep its type, or apply.`,
        );
    }
    for (const [name, type] of now)
      if (!(name in before))
        report.problem(at, place, "schema-column-added", `The data of ${source.name} has a new column ${name} (${type}).`);
  }
}
