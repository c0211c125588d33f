import { toJsonValue } from "../../values/json-value.js";
import { printValueType } from "../../values/value-type-text.js";
import type { Value } from "../../values/value.js";
import type { ValueType } from "../../values/value-type.js";
import { aggregateToJavascript } from "../aggregate-to-javascript.js";
import { aggregates } from "../aggregates.js";
import { bindAggregate, bindExpression } from "../bind.js";
import { themes } from "../catalogue.js";
import { compileRow } from "../compile-row.js";
import { expressionToJavascript, featureValue } from "../to-javascript.js";
import { exampleRow, exampleWindow } from "./example-row.js";
import { languageIntroduction } from "./language-introduction.js";

/** A documented example and what it gives for the example row or window. */
export interface Example {
  readonly text: string;
  readonly type: ValueType;
  readonly value: Value;
}

/** The value of an example of a scalar expression. Throws when it does not bind: every example does. */
export function evaluateExample(text: string): Example {
  const { tree, problems } = bindExpression(text, exampleRow);
  if (tree === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
  const output: Value[] = [];
  compileRow(
    [tree],
    exampleRow.map(({ name }) => name),
  )(
    exampleRow.map(({ value }) => value),
    output,
  );
  return { text, type: tree.type, value: output[0] ?? null };
}

/** The same of an aggregate over the example window. */
export function evaluateAggregateExample(text: string): Example {
  const { aggregate, problems } = bindAggregate(text, exampleRow);
  if (aggregate === undefined) throw new Error(`${text}: ${problems.map(({ message }) => message).join(" ")}`);
  const operand = aggregate.operand === undefined ? () => 1n : expressionToJavascript(aggregate.operand);
  const value = aggregateToJavascript(aggregate)(exampleWindow.map((row) => featureValue(operand(row))));
  return { text, type: aggregate.type, value };
}

interface Documented {
  readonly signature: string;
  readonly documentation: string;
  readonly example: string;
  readonly differs?: string;
}

const shown = (value: Value, type: ValueType): string => `\`${JSON.stringify(toJsonValue(value, type))}\``;

function entry({ signature, documentation, example }: Documented, { type, value }: Example): string {
  return `### \`${signature}\`\n\n${documentation}\n\n\`${example}\` is ${shown(value, type)} (${printValueType(type)}).`;
}

/** The page `docs/expressions.md`, from the catalogue. */
export function expressionsPage(): string {
  const row = exampleRow.map(({ name, type, value }) => `- \`${name}\` (${printValueType(type)}): ${shown(value, type)}`);
  const window = exampleWindow.map((values) => {
    const cells = Object.entries(values).map(([name, value]) => {
      const type = exampleRow.find((column) => column.name === name)?.type ?? { kind: "null" };
      return `\`${name}\` ${shown(value, type)}`;
    });
    return `- ${cells.join(", ")}`;
  });
  const all: Documented[] = [...themes.flatMap(({ operations }) => operations), ...aggregates.values()];
  const differences = all.flatMap(({ signature, differs }) => (differs === undefined ? [] : [`- \`${signature}\`: ${differs}`]));
  const sections = [
    languageIntroduction.trim(),
    `## The row of the examples\n\n${row.join("\n")}`,
    ...themes.map(({ title, operations }) =>
      [`## ${title}`, ...operations.map((operation) => entry(operation, evaluateExample(operation.example)))].join("\n\n"),
    ),
    `## Aggregates\n\nThey stand alone under \`aggregate\`, with a \`window\`. Nulls are skipped. The window of the examples, in order of time:\n\n${window.join("\n")}`,
    ...[...aggregates.values()].map((aggregate) => entry(aggregate, evaluateAggregateExample(aggregate.example))),
    `## What engines may differ by\n\nEverything that is not named here is equal on every engine, to the last bit.\n\n${differences.join("\n")}`,
  ];
  return `${sections.join("\n\n")}\n`;
}
