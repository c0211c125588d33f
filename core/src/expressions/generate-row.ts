import { printValueType, sameType } from "../values/value-type-text.js";
import type { Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";
import { castValue } from "./cast-in-javascript.js";
import { operationOf } from "./catalogue.js";
import { featureValue } from "./to-javascript.js";
import type { TypedExpression } from "./typed-tree.js";

/** The body of a JavaScript function of `k`, the constants, that returns a function of an input and an output row. */
export interface GeneratedRow {
  readonly code: string;
  readonly constants: readonly unknown[];
}

interface Generator {
  readonly lines: string[];
  readonly constants: unknown[];
  readonly constantNames: Map<unknown, string>;
  /** Position of each column. */
  readonly positions: ReadonlyMap<string, number>;
  /** What is already computed where the next line stands, by what it computes; innermost block last. */
  readonly computed: Map<string, string>[];
  variables: number;
}

/**
 * JavaScript that computes expressions over rows of values by position. Every part that several expressions share is
 * computed once. The code is put together from the catalogue's forms, variable names and positions alone: literals and
 * kernels are constants, so no user's text is in it.
 */
export function generateRow(expressions: readonly TypedExpression[], columns: readonly string[]): GeneratedRow {
  const generator: Generator = {
    lines: [],
    constants: [],
    constantNames: new Map(),
    positions: new Map(columns.map((name, index) => [name, index])),
    computed: [new Map<string, string>()],
    variables: 0,
  };
  for (const [index, expression] of expressions.entries()) {
    const value = leaving(generator, expression.type, emit(generator, expression));
    generator.lines.push(`output[${index}] = ${value};`);
  }
  const names = generator.constants.map((_, index) => `const k${index} = k[${index}];`);
  const code = ['"use strict";', ...names, "return function (input, output) {", ...generator.lines, "};"].join("\n");
  return { code, constants: generator.constants };
}

/** As a value leaves an expression: NaN and infinities are null. */
function leaving(generator: Generator, type: ValueType, name: string): string {
  if (type.kind === "float64") return `Number.isFinite(${name}) ? ${name} : null`;
  return type.kind === "list" ? `${constant(generator, featureValue)}(${name})` : name;
}

function constant(generator: Generator, value: unknown): string {
  const known = generator.constantNames.get(value);
  if (known !== undefined) return known;
  const name = `k${generator.constants.push(value) - 1}`;
  // Numbers are told apart by Map as by ===, which takes -0 for 0.
  if (!Object.is(value, -0) && value !== 0) generator.constantNames.set(value, name);
  return name;
}

/** A variable for what `key` says, computed by `code` unless it already is. */
function variable(generator: Generator, key: string, code: () => string): string {
  const known = found(generator, key);
  return known ?? declare(generator, key, `const`, code());
}

function found(generator: Generator, key: string): string | undefined {
  for (const block of generator.computed) {
    const name = block.get(key);
    if (name !== undefined) return name;
  }
  return undefined;
}

function declare(generator: Generator, key: string, keyword: "const" | "let", code: string): string {
  const name = `v${generator.variables++}`;
  generator.lines.push(`${keyword} ${name} = ${code};`);
  generator.computed.at(-1)?.set(key, name);
  return name;
}

/** Writes what computes a tree and gives the name of its value. */
function emit(generator: Generator, tree: TypedExpression): string {
  switch (tree.node) {
    case "literal":
      return tree.value === null ? "null" : constant(generator, tree.value);
    case "column": {
      const position = generator.positions.get(tree.name);
      return position === undefined ? "null" : variable(generator, `column ${position}`, () => `input[${position}] ?? null`);
    }
    case "cast": {
      const operand = emit(generator, tree.operand);
      const [from, to] = [tree.operand.type, tree.type];
      return variable(generator, `cast ${operand} ${printValueType(from)} ${printValueType(to)}`, () =>
        guarded([operand], castCode(generator, operand, from, to)),
      );
    }
    case "case":
      return emitCase(generator, tree);
    case "call": {
      const operands = tree.arguments.map((argument) => emit(generator, argument));
      // The type decides between forms of one operation, e.g. of decimals of different scales.
      const types = [tree.type, ...tree.arguments.map(({ type }) => type)].map(printValueType).join(" ");
      return variable(generator, `${tree.operation} ${operands.join(" ")} : ${types}`, () => callCode(generator, tree, operands));
    }
  }
}

function callCode(generator: Generator, call: Extract<TypedExpression, { node: "call" }>, operands: readonly string[]): string {
  const operation = operationOf(call.operation);
  const code =
    operation.inline?.(operands, call, (value) => constant(generator, value)) ??
    `${constant(generator, operation.javascript(call))}(${operands.join(", ")})`;
  return operation.nulls === "aware" ? code : guarded(operands, code);
}

/** Null where an operand is; literals other than null never are. */
function guarded(operands: readonly string[], code: string): string {
  if (operands.includes("null")) return "null";
  const checks = [...new Set(operands)].filter((name) => name.startsWith("v")).map((name) => `${name} === null`);
  return checks.length === 0 ? code : `${checks.join(" || ")} ? null : ${code}`;
}

function castCode(generator: Generator, operand: string, from: ValueType, to: ValueType): string {
  if (sameType(from, to)) return operand;
  if (from.kind === "int64" && to.kind === "float64") return `Number(${operand})`;
  return `${constant(generator, (value: Value) => castValue(value, from, to))}(${operand})`;
}

/** A branch's result is computed in a block of its own, only where its condition is true. */
function emitCase(generator: Generator, tree: Extract<TypedExpression, { node: "case" }>): string {
  const { lines, computed } = generator;
  const result = `v${generator.variables++}`;
  const label = `case_${result}`;
  lines.push(`let ${result} = null;`, `${label}: {`);
  computed.push(new Map());
  for (const { when, then } of tree.branches) {
    const condition = emit(generator, when);
    lines.push(`if (${condition} === true) {`);
    computed.push(new Map());
    lines.push(`${result} = ${emit(generator, then)};`, `break ${label};`, "}");
    computed.pop();
  }
  if (tree.otherwise !== undefined) lines.push(`${result} = ${emit(generator, tree.otherwise)};`);
  lines.push("}");
  computed.pop();
  return result;
}
