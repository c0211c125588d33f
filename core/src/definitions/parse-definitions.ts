import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { Settings } from "typebox/system";
import Value from "typebox/value";
import { LineCounter, parseAllDocuments, YAMLParseError, type Document } from "yaml";

import type { DiagnosticCode } from "../diagnostic-codes.js";
import type { Diagnostic, Range } from "../diagnostic.js";
import { didYouMean, nearestName } from "../values/nearest-name.js";
import { duplicateKey } from "./duplicate-key.js";
import { joinCommas } from "./join-commas.js";
import { plainSourceMap } from "./plain-source-map.js";
import { parsePlainYaml, plainValue } from "./plain-yaml.js";
import { kindSchemas, projectSchema, type Definition, type Kind, type ProjectSettings } from "./schemas.js";
import { valueAt } from "./value-at.js";
import { sourceMap, type SourceMap, type YamlPath } from "./source-map.js";

// The default of 8 would hide the ninth mistake of a file.
Settings.Set({ maxErrors: 1000 });

/** One document of a definition file, valid by its schema. */
export interface Parsed<K extends Kind = Kind> {
  readonly kind: K;
  readonly definition: Definition<K>;
  readonly file: string;
  readonly map: SourceMap;
}

interface Loaded {
  readonly value: unknown;
  readonly map: SourceMap;
}

/** What came of one document's text at one line of a file. */
interface ParsedDocument {
  readonly definitions: readonly Parsed[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A definition file, parsed; given again with a later text, documents that stayed are not parsed again. */
export interface ParsedFile extends ParsedDocument {
  readonly text: string;
  readonly documents: ReadonlyMap<string, ParsedDocument>;
}

/** Parses a definition file. Every problem is a diagnostic; the documents without one are returned. */
export function parseDefinitions(file: string, text: string, before?: ParsedFile): ParsedFile {
  if (before?.text === text) return before;
  const documents = new Map<string, ParsedDocument>();
  for (const { text: part, line } of splitDocuments(text)) {
    const key = `${line} ${part}`;
    documents.set(key, before?.documents.get(key) ?? parseDocument(file, part, line));
  }
  const all = [...documents.values()];
  return {
    text,
    documents,
    definitions: all.flatMap(({ definitions }) => definitions),
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
  };
}

/** The texts between the lines `---`, each with the line it begins at. A file with directives or `...` is not divided. */
function splitDocuments(text: string): { readonly text: string; readonly line: number }[] {
  if (/^(?:%|\.\.\.(?:\s|$))/m.test(text)) return [{ text, line: 0 }];
  const parts: { text: string; line: number }[] = [];
  let start = 0;
  let line = 0;
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index === 0) continue;
    const part = text.slice(start, index);
    parts.push({ text: part, line });
    for (let at = part.indexOf("\n"); at >= 0; at = part.indexOf("\n", at + 1)) line++;
    start = index;
  }
  parts.push({ text: text.slice(start), line });
  return parts;
}

function parseDocument(file: string, text: string, line: number): ParsedDocument {
  const { documents, diagnostics } = parseYaml(file, text, line);
  const definitions: Parsed[] = [];
  for (const { value, map } of documents) {
    const kind = value !== null && typeof value === "object" && "kind" in value ? value.kind : undefined;
    if (typeof kind !== "string" || !(kind in kindSchemas)) {
      const kinds = Object.keys(kindSchemas);
      const message =
        typeof kind === "string" ? `There is no kind ${kind}.${didYouMean(kind, kinds)}` : "A definition begins with `kind:`.";
      const range = map.range(["kind"]);
      const nearest = typeof kind === "string" ? nearestName(kind, kinds) : undefined;
      diagnostics.push({
        code: "unknown-kind",
        severity: "error",
        message: `${message} Kinds: ${kinds.join(", ")}.`,
        file,
        range,
        ...(nearest === undefined ? {} : { fix: { title: `Change to ${nearest}`, edits: [{ range, newText: nearest }] } }),
      });
      continue;
    }
    // The line above has established that kind is one of the schemas' names.
    const known = kind as Kind;
    const found = validate(file, kindSchemas[known], value, map);
    diagnostics.push(...found);
    // Validation has established the type.
    if (found.length === 0) definitions.push({ kind: known, definition: value as Definition, file, map });
  }
  return { definitions, diagnostics };
}

/** Parses `skewproof.yaml`. */
export function parseProjectSettings(
  file: string,
  text: string,
): { settings?: ProjectSettings; map?: SourceMap; diagnostics: Diagnostic[] } {
  const { documents, diagnostics } = parseYaml(file, text, 0);
  const [first] = documents;
  if (first === undefined) {
    if (diagnostics.length === 0)
      diagnostics.push({
        code: "missing-key",
        severity: "error",
        message: "The file is empty. It needs `project: NAME` and `format: 1`.",
        file,
        range: start,
      });
    return { diagnostics };
  }
  diagnostics.push(...validate(file, projectSchema, first.value, first.map));
  // Validation has established the type.
  if (diagnostics.length === 0) diagnostics.push(...faultyUrls(file, first.value as ProjectSettings, first.map));
  // Validation has established the type.
  return diagnostics.length === 0 ? { settings: first.value as ProjectSettings, map: first.map, diagnostics } : { diagnostics };
}

/** Engines and stores that run elsewhere are reached by a url, in which no secret stands. */
function faultyUrls(file: string, { offline, online }: ProjectSettings, map: SourceMap): Diagnostic[] {
  const missing = (key: string, what: string): Diagnostic => ({
    code: "missing-key",
    severity: "error",
    message: `${what} needs a \`url\`.`,
    file,
    range: map.range([key]),
  });
  const secret: Diagnostic = {
    code: "wrong-value",
    severity: "error",
    message:
      "The url of the online store has a user or a password in it. Give `username:` and `password: { env: NAME }` instead.",
    file,
    range: map.range(["online", "url"]),
  };
  return [
    ...(offline !== undefined && offline.engine !== "duckdb" && offline.url === undefined
      ? [missing("offline", `The offline engine ${offline.engine}`)]
      : []),
    ...(online?.store === "redis" && online.url === undefined && online.sentinel === undefined
      ? [missing("online", "The online store redis")]
      : []),
    ...(/^[^/]*\/\/[^/]*@/.test(online?.url ?? "") ? [secret] : []),
  ];
}

const start: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** `firstLine`: where the text begins in its file. */
function parseYaml(file: string, text: string, firstLine: number): { documents: Loaded[]; diagnostics: Diagnostic[] } {
  const plain = parsePlainYaml(text);
  if (plain !== undefined)
    return { documents: [{ value: plainValue(plain), map: plainSourceMap(plain, text, firstLine) }], diagnostics: [] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const diagnostics: Diagnostic[] = [];
  const documents: Loaded[] = [];
  for (const document of Array.isArray(parsed) ? (parsed as Document.Parsed[]) : []) {
    if (document.errors.length === 0) {
      joinCommas(document, text);
      const twice = duplicateKey(document);
      if (twice !== undefined) document.errors.push(twice);
    }
    if (document.errors.length === 0) {
      if (document.contents === null) continue;
      try {
        documents.push({ value: document.toJS() as unknown, map: sourceMap(document, lines, text.length, firstLine) });
        continue;
      } catch (error) {
        // An alias without its anchor shows only now.
        if (!(error instanceof ReferenceError)) throw error;
        document.errors.push(new YAMLParseError([document.range[0], document.range[1]], "BAD_ALIAS", error.message));
      }
    }
    const { message, pos } = document.errors[0] ?? { message: "unreadable", pos: [0, 0] as const };
    const at = (offset: number): Range["start"] => {
      const { line, col } = lines.linePos(Math.min(offset, text.length));
      return { line: firstLine + Math.max(0, line - 1), character: Math.max(0, col - 1) };
    };
    const range = { start: at(pos[0]), end: at(pos[1]) };
    diagnostics.push({
      code: "invalid-yaml",
      severity: "error",
      message: `This is not valid YAML: ${message.split("\n")[0] ?? message}`,
      file,
      range,
    });
  }
  return { documents, diagnostics };
}

const checks = new Map<TSchema, Validator>();

function validate(file: string, schema: TSchema, value: unknown, map: SourceMap): Diagnostic[] {
  // Much faster than to look for errors, which hardly any document has.
  const check = checks.get(schema) ?? Compile(schema);
  checks.set(schema, check);
  if (check.Check(value)) return [];
  const diagnostics: Diagnostic[] = [];
  const add = (code: DiagnosticCode, message: string, range: Range, fix?: string): void => {
    const edit = fix === undefined ? {} : { fix: { title: `Change to ${fix}`, edits: [{ range, newText: fix }] } };
    diagnostics.push({ code, severity: "error", message, file, range, ...edit });
  };
  const errors = Value.Errors(schema, value);
  const unions = new Set(errors.filter(({ keyword }) => keyword === "anyOf").map(({ instancePath }) => instancePath));
  for (const error of errors) {
    const path = toPath(error.instancePath);
    if (
      error.keyword !== "anyOf" &&
      [...unions].some((union) => error.instancePath === union || error.instancePath.startsWith(`${union}/`))
    )
      continue;
    switch (error.keyword) {
      case "boolean":
        break;
      case "additionalProperties": {
        const known = Object.keys(propertiesAt(schema, error.schemaPath));
        for (const key of error.params.additionalProperties) {
          const range = map.keyRange([...path, key]);
          add(
            "unknown-key",
            `There is no key ${key} here.${didYouMean(key, known)} Keys: ${known.join(", ")}.`,
            range,
            nearestName(key, known),
          );
        }
        break;
      }
      case "required":
        for (const key of error.params.requiredProperties)
          add("missing-key", `The key \`${key}\` is missing here.`, path.length === 0 ? map.keyRange(["kind"]) : map.range(path));
        break;
      case "pattern":
        add("wrong-value", `${JSON.stringify(valueAt(value, path))} does not fit here: ${expectation(path)}`, map.range(path));
        break;
      default:
        add("wrong-value", `${describe(path)} ${error.message.replace(/^must /, "must ")}.`, map.range(path));
    }
  }
  return diagnostics;
}

function expectation(path: YamlPath): string {
  switch (path.at(-1)) {
    case "name":
      return "a name has lower-case letters, digits and underscores, and begins with a letter.";
    case "project":
      return "a project's name has lower-case letters, digits, - and _, and begins with a letter.";
    case "window":
      return "write a duration such as 30s, 15m, 1h, 7d or 4w, or unbounded.";
    default:
      return "write a duration such as 30s, 15m, 1h, 7d or 4w.";
  }
}

function describe(path: YamlPath): string {
  return path.length === 0 ? "The document" : `\`${path.join(".")}\``;
}

function toPath(pointer: string): (string | number)[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function propertiesAt(schema: object, pointer: string): object {
  const at = valueAt(schema, toPath(pointer.replace(/^#/, "")));
  return at !== null &&
    typeof at === "object" &&
    "properties" in at &&
    typeof at.properties === "object" &&
    at.properties !== null
    ? at.properties
    : {};
}
