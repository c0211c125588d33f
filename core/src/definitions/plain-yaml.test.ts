import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { expect, it } from "vitest";
import { LineCounter, parseAllDocuments, type Document } from "yaml";

import { duplicateKey } from "./duplicate-key.js";
import { joinCommas } from "./join-commas.js";
import { plainSourceMap } from "./plain-source-map.js";
import { parsePlainYaml, plainValue } from "./plain-yaml.js";
import { sourceMap, type SourceMap, type YamlPath } from "./source-map.js";

/** What the whole parser makes of a text of one document; undefined for what it refuses. */
function whole(text: string): { value: unknown; map: SourceMap } | undefined {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false }) as Document.Parsed[];
  const [document] = documents;
  if (documents.length !== 1 || document === undefined || document.errors.length > 0) return undefined;
  joinCommas(document, text);
  if (duplicateKey(document) !== undefined) return undefined;
  return { value: document.toJS() as unknown, map: sourceMap(document, lines, text.length, 3) };
}

function* pathsOf(value: unknown, at: YamlPath = []): Iterable<YamlPath> {
  yield at;
  if (value === null || typeof value !== "object") return;
  for (const [key, one] of Object.entries(value)) yield* pathsOf(one, [...at, Array.isArray(value) ? Number(key) : key]);
}

/** Whatever the plain parser reads, the whole one reads alike: values, their order, and the place of each. */
function agrees(text: string): boolean {
  const plain = parsePlainYaml(text);
  if (plain === undefined) return false;
  const expected = whole(text);
  const value = plainValue(plain);
  expect(JSON.stringify(value), text).toBe(JSON.stringify(expected?.value));
  const map = plainSourceMap(plain, text, 3);
  for (const at of pathsOf(value))
    for (const one of [at, [...at, "nothing"]]) {
      expect(map.range(one), `${text}\n${one.join(".")}`).toEqual(expected?.map.range(one));
      expect(map.keyRange(one), `${text}\n${one.join(".")}`).toEqual(expected?.map.keyRange(one));
      const span = { start: 0, end: 1 };
      if (one === at) expect(map.range(one, span)).toEqual(expected?.map.range(one, span));
    }
  return true;
}

it("reads the samples' and a new project's definitions as the whole parser does", () => {
  const repository = path.resolve(import.meta.dirname, "../../..");
  const files = globSync("samples/*/definitions/**/*.yaml", { cwd: repository });
  expect(files.length).toBeGreaterThan(0);
  let read = 0;
  let all = 0;
  for (const file of files)
    for (const part of readFileSync(path.join(repository, file), "utf8").split(/^---$/m)) {
      all++;
      if (agrees(part)) read++;
    }
  // Nearly all of what is written is plain; the rest has folded texts and lists over several lines.
  expect(read / all).toBeGreaterThan(0.6);
});

it.each([
  "a: 1\n",
  "---\na: 1\nb:\n  - x\n  - y: 1\n    z: [1, 2]\nc: {}\n",
  "a:\n- x\n- y\nb: 1",
  "a: { b: coalesce(c, 0), d: f(g(1, 2), 3) }\n",
  'a: ["{inputs.x}", --out, 7d, 1.5, -3, true]\n\n# done\n',
  "# first\na: 1\n\n# between\nb: x y  z\n",
])("reads %j", (text) => {
  expect(agrees(text)).toBe(true);
});

it("agrees wherever it reads at all: 20,000 texts of pieces that look alike", () => {
  const piece = fc.constantFrom(
    ..."a: |b: |- |{ |} |[ |] |, |\n|\n  |\n    |  |---\n|# x\n| # x|'|\"|1|01|1.50|1e3|-1|+1|-0|0x1F|0o7|.5|5.|.inf|~|null|true|True|yes|7d|(|)|f(a, b)|:|: |?|*a|&a |!t |<<: |%|@|\\|é𝄞|x y|- - |a|b|\t|\r\n|-|--x|key-b: |>|/x/*.yaml|''|,".split(
      "|",
    ),
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      if (agrees(pieces.join(""))) read++;
    }),
    { numRuns: 20_000 },
  );
  expect(read).toBeGreaterThan(20);
});

it("agrees on documents as people write them", () => {
  const name = fc.constantFrom("a", "b", "name", "kind", "window", "x_1", "y-z");
  const scalar = fc.constantFrom(
    "7d",
    "1",
    "1.25",
    "count(*)",
    "avg(x)",
    "coalesce(a, 0)",
    "case when a > 1 then 2 else 3 end",
    '"a, b"',
    "'x'",
    "true",
    "a b",
    "x - 1",
    "/data/*.parquet",
    "-1",
    "a: b",
    "a #b",
    "f(a, 'b')",
    "f(a",
    "f(a, [b])",
    '"a\\n"',
    "'it''s'",
    "",
    "~",
    "é",
    "x)",
    "a,b",
    "f(a,b)",
    "f(a , b )",
  );
  const flow = fc.oneof(
    fc
      .array(fc.tuple(name, scalar), { maxLength: 4 })
      .map((pairs) => `{ ${pairs.map(([key, value]) => `${key}: ${value}`).join(", ")} }`),
    fc.array(scalar, { maxLength: 4 }).map((values) => `[${values.join(", ")}]`),
    fc
      .array(fc.tuple(name, fc.array(scalar, { maxLength: 3 })), { maxLength: 2 })
      .map((pairs) => `{${pairs.map(([key, values]) => `${key}: [${values.join(",")}]`).join(",")}}`),
  );
  const line = fc.tuple(
    fc.constantFrom("", "  ", "    ", "- ", "  - ", "    - "),
    fc.option(name),
    fc.oneof(scalar, flow),
    fc.constantFrom("\n", "\n", "\n", "\n\n", " \n", "\n# c\n", "\n  # c\n"),
  );
  const text = fc
    .array(line, { minLength: 1, maxLength: 6 })
    .map((all) =>
      all.map(([indent, key, value, end]) => `${indent}${key === null ? "" : `${key}: `}${value}`.trimEnd() + end).join(""),
    );
  let read = 0;
  fc.assert(
    fc.property(text, (one) => {
      if (agrees(one)) read++;
    }),
    { numRuns: 20_000 },
  );
  expect(read).toBeGreaterThan(200);
});
