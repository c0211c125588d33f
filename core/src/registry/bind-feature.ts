import type { FeatureDefinition } from "../definitions/schemas.js";
import type { Parsed } from "../definitions/parse-definitions.js";
import type { YamlPath } from "../definitions/source-map.js";
import { isSkewproofError } from "../errors.js";
import { bindAggregate, bindExpression, convert } from "../expressions/bind.js";
import { commonType } from "../expressions/common-type.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import { parseDuration } from "../values/duration.js";
import { fromJsonValue } from "../values/json-value.js";
import { parseValueType, printValueType, sameType, typeNames } from "../values/value-type-text.js";
import { didYouMean } from "../values/nearest-name.js";
import type { Value } from "../values/value.js";
import type { Column, ValueType } from "../values/value-type.js";
import type { Expectation, RowFeature, WindowFeature } from "./bound-project.js";
import { clockProblem } from "./clock-problem.js";
import type { Report } from "./report.js";

type Base = Omit<RowFeature, "kind" | "expression" | "type">;

/** The declared type at `path`, reported when it is not one. */
export function bindType(text: string, at: Parsed, path: YamlPath, report: Report): ValueType | undefined {
  const type = parseValueType(text);
  if (type === undefined)
    report.problem(
      at,
      path,
      "unknown-type",
      `There is no type ${text}.${didYouMean(text, typeNames)} Types: ${typeNames.join(", ")}.`,
    );
  return type;
}

/** A feature of a feature view. `columns` undefined: the source was never read, and only the declaration is believed. */
export function bindViewFeature(
  feature: FeatureDefinition,
  columns: readonly Column[] | undefined,
  at: Parsed,
  path: YamlPath,
  report: Report,
): RowFeature | WindowFeature | undefined {
  if (feature.aggregate === undefined) {
    if (feature.window !== undefined)
      report.problem(
        at,
        [...path, "window"],
        "window-without-aggregate",
        "A window needs an `aggregate`, such as avg(x) or count(*).",
      );
    const text = feature.expression ?? feature.name;
    return bindRowFeature(
      feature,
      text,
      feature.expression === undefined ? [...path, "name"] : [...path, "expression"],
      columns,
      at,
      path,
      report,
    );
  }
  if (feature.expression !== undefined)
    report.problem(
      at,
      [...path, "expression"],
      "expression-and-aggregate",
      "A feature has an `expression` or an `aggregate`, not both; an aggregate takes an expression as its argument.",
    );
  if (feature.window === undefined) {
    report.problem(
      at,
      [...path, "aggregate"],
      "aggregate-without-window",
      "An aggregate needs a `window`, such as 1h, 7d or unbounded.",
    );
    return undefined;
  }
  const window = feature.window === "unbounded" ? feature.window : parseDuration(feature.window);
  if (window === undefined || window === 0n) {
    report.problem(at, [...path, "window"], "wrong-value", "A window is longer than nothing.");
    return undefined;
  }
  const declared = feature.type === undefined ? undefined : bindType(feature.type, at, [...path, "type"], report);
  if (columns === undefined) return undefined;
  const { aggregate, problems } = bindAggregate(feature.aggregate, columns);
  for (const problem of problems) report.expression(at, [...path, "aggregate"], clockProblem(problem, feature.aggregate));
  if (aggregate === undefined) return undefined;
  if (declared !== undefined && !fits(aggregate.type, declared)) {
    report.problem(
      at,
      [...path, "type"],
      "wrong-type",
      `${feature.aggregate} is ${printValueType(aggregate.type)}, not ${printValueType(declared)}.`,
      printValueType(aggregate.type),
    );
    return undefined;
  }
  const type = declared ?? aggregate.type;
  return { kind: "window", type, aggregate, window, ...base(feature, type, at, path, report) };
}

/** A feature that is an expression: of a source row, or on demand. */
export function bindRowFeature(
  feature: FeatureDefinition,
  text: string,
  textPath: YamlPath,
  columns: readonly Column[] | undefined,
  at: Parsed,
  path: YamlPath,
  report: Report,
): RowFeature | undefined {
  const declared = feature.type === undefined ? undefined : bindType(feature.type, at, [...path, "type"], report);
  if (columns === undefined) return undefined;
  const { tree, problems } = feature.expression === undefined ? bareColumn(feature.name, columns) : bindExpression(text, columns);
  for (const problem of problems) report.expression(at, textPath, clockProblem(problem, text));
  if (tree === undefined) return undefined;
  if (declared !== undefined && !fits(tree.type, declared)) {
    report.problem(
      at,
      [...path, "type"],
      "wrong-type",
      `${text} is ${printValueType(tree.type)}, not ${printValueType(declared)}. Change the type, or cast the expression.`,
      printValueType(tree.type),
    );
    return undefined;
  }
  const type = declared ?? tree.type;
  if (type.kind === "null" || type.kind === "interval") {
    report.problem(at, textPath, "wrong-type", `${text} is ${printValueType(type)}, which no feature can hold; cast it.`);
    return undefined;
  }
  return { kind: "row", type, expression: convert(tree, type), ...base(feature, type, at, path, report) };
}

/** A feature without an expression is the column of its name, whatever the name. */
function bareColumn(name: string, columns: readonly Column[]): ReturnType<typeof bindExpression> {
  const column = columns.find((one) => one.name === name);
  const tree: TypedExpression | undefined = column && {
    node: "column",
    name,
    type: column.type,
    span: { start: 0, end: name.length },
  };
  return tree === undefined ? bindExpression(`"${name}"`, columns) : { tree, problems: [] };
}

/** Whether values of one type may be declared as another: the same, or a widening that loses nothing. */
function fits(actual: ValueType, declared: ValueType): boolean {
  if (actual.kind === "decimal" && declared.kind === "decimal") return actual.scale <= declared.scale;
  if (actual.kind === "list" && declared.kind === "list") return fits(actual.element, declared.element);
  const common = commonType(actual, declared);
  return common !== undefined && sameType(common, declared);
}

function base(feature: FeatureDefinition, type: ValueType, at: Parsed, path: YamlPath, report: Report): Base {
  const value = (json: unknown, ...steps: YamlPath): Value | undefined => {
    if (json === undefined) return undefined;
    try {
      return fromJsonValue(json, type);
    } catch (error) {
      if (!isSkewproofError(error, "usage")) throw error;
      report.problem(at, [...path, ...steps], "wrong-type", error.message);
      return undefined;
    }
  };
  const fallback = value(feature.default, "default");
  const expect = feature.expect === undefined ? undefined : bindExpectation(feature.expect, value);
  return {
    name: feature.name,
    text: (feature.aggregate ?? feature.expression ?? feature.name).trim().replace(/\s+/g, " "),
    pii: feature.pii ?? false,
    line: at.map.range([...path, "name"]).start.line,
    ...(feature.description === undefined ? {} : { description: feature.description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(expect === undefined ? {} : { expect }),
  };
}

function bindExpectation(
  expect: NonNullable<FeatureDefinition["expect"]>,
  value: (json: unknown, ...steps: YamlPath) => Value | undefined,
): Expectation {
  const [min, max] = [value(expect.min, "expect", "min"), value(expect.max, "expect", "max")];
  const among = expect.in?.map((item, index) => value(item, "expect", "in", index) ?? null);
  return {
    ...(expect.not_null === undefined ? {} : { notNull: expect.not_null }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(among === undefined ? {} : { in: among }),
    ...(expect.null_rate_below === undefined ? {} : { nullRateBelow: expect.null_rate_below }),
  };
}
