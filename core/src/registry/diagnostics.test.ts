import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { diagnosticCodes, type DiagnosticCode } from "../diagnostic-codes.js";
import type { Diagnostic } from "../diagnostic.js";
import { applyProject } from "./node/apply-project.js";
import { diagnosticsPage } from "./diagnostics-page.js";
import { loadProject } from "./node/load-project.js";
import { registryFolder } from "./node/registry-store.js";
import { toSarif } from "./sarif.js";
import { loadEdited, registerReturns, writeShop, type Edit } from "./testing/edited-project.js";

interface Case {
  readonly edits?: readonly Edit[];
  readonly files?: Readonly<Record<string, string>>;
  /** What else happens to the project's folder before it is checked. */
  readonly before?: (root: string) => Promise<void> | void;
  /** The finding's line of the definitions, as far as it is marked. */
  readonly marks?: string;
  /** What the fix makes of the marked line. */
  readonly fixed?: string;
}

const orders = (header: string, ...rows: readonly string[]) => ({ "data/orders.csv": `${[header, ...rows].join("\n")}\n` });
const applied = async (root: string, ...edits: readonly Edit[]): Promise<void> => {
  const loaded = await loadEdited(root, ...edits);
  await applyProject(loaded, { by: { name: "ann", from: "option" }, approvals: [], now: new Date(0) });
  registerReturns(root, loaded.project.digest);
};
const expression = (text: string): Edit => ["expression: items", `expression: ${text}`];
const aggregate = (text: string): Edit => [`"sum(amount)", window: 1d`, text];

/** The orders as a stream; `more` follows the schema's columns. */
const stream = (more: string): Edit => [
  "path: data/orders.csv",
  `stream: true\nschema: { customer_id: int64, ordered_at: timestamp, amount: float64, items: int64${more} }`,
];

/** One project for each code, which has it. */
const cases: Readonly<Record<DiagnosticCode, Case>> = {
  "invalid-yaml": { edits: [["kind: entity", "kind: [entity"]] },
  "unknown-kind": { edits: [["kind: entity", "kind: entitty"]], marks: "entitty", fixed: "kind: entity" },
  "unknown-key": { edits: [["event_time:", "event_tiem:"]], marks: "event_tiem", fixed: "event_time: ordered_at" },
  "missing-key": { edits: [["source: orders\nttl", "ttl"]] },
  "wrong-value": { edits: [["ttl: 30d", "ttl: a month"]], marks: "a month" },
  "duplicate-name": { edits: [["name: last_order\n", "name: spending\n"]], marks: "spending" },
  "same-name": {
    edits: [
      [
        "kind: feature_service",
        "kind: on_demand_view\nname: other\ninputs: [spending]\nowner: a\nfeatures:\n  - { name: spent_1d, expression: spent_1d + 1 }\n---\nkind: feature_service",
      ],
      ["last_order, basket]", "last_order, basket, other]"],
    ],
    marks: "other",
  },
  "unknown-reference": { edits: [["source: orders\nttl", "source: order\nttl"]], marks: "order", fixed: "source: orders" },
  "unknown-feature": {
    edits: [["[spending, last_order", "[spending.spent_2d, last_order"]],
    marks: "spending.spent_2d",
    fixed: "[spending.spent_1d, last_order",
  },
  "unknown-key-column": { edits: [["ttl: 30d", "ttl: 30d\nkeys: { client: customer_id }"]], marks: "customer_id" },
  "unknown-placeholder": { edits: [["{inputs.training}", "{inputs.trainig}"]] },
  "ambiguous-name": { edits: [["request: { basket_value: float64 }", "request: { basket_value: float64, spent_1d: float64 }"]] },
  "conflicting-type": {
    edits: [
      [
        "kind: feature_service",
        "kind: on_demand_view\nname: other\nrequest: { basket_value: int64 }\nowner: a\nfeatures:\n  - { name: rounded, expression: basket_value + 1 }\n---\nkind: feature_service",
      ],
      ["last_order, basket]", "last_order, basket, other]"],
    ],
    marks: "[spending, last_order, basket, other]",
  },
  cycle: { edits: [["inputs: [spending]", "inputs: [spending, basket]"]], marks: "basket" },
  "on-demand-input": {
    edits: [
      [
        "kind: feature_service",
        "kind: on_demand_view\nname: other\ninputs: [basket]\nowner: a\nfeatures:\n  - { name: one, expression: '1' }\n---\nkind: feature_service",
      ],
    ],
    marks: "basket",
  },
  "entity-and-entities": { edits: [["source: orders\nttl", "entities: [customer]\nsource: orders\nttl"]], marks: "[customer]" },
  "source-location": { edits: [["path: data/orders.csv", "path: data/orders.csv\ntable: orders"]] },
  "table-without-engine": { edits: [["path: data/orders.csv", "table: orders"]], marks: "orders" },
  "unreadable-source": { edits: [["data/orders.csv", "data/nothing.csv"]], marks: "data/nothing.csv" },
  "unknown-column": { edits: [expression("itens + 1")], marks: "itens", fixed: "expression: items + 1" },
  "missing-event-time": { edits: [["event_time: ordered_at\n", ""]], marks: "orders" },
  "stream-only": { edits: [["event_time: ordered_at", "event_time: ordered_at\nevent_id: amount"]], marks: "amount" },
  "reserved-name": { edits: [stream(", _Position: int64")], marks: "int64" },
  "kafka-without-event-id": { edits: [stream(" }\nkafka: { brokers: ['localhost:9092'], topic: orders")] },
  "window-without-aggregate": { edits: [expression("items, window: 1d")], marks: "1d" },
  "aggregate-without-window": { edits: [aggregate(`"sum(amount)"`)], marks: `"sum(amount)"` },
  "expression-and-aggregate": { edits: [aggregate(`"sum(amount)", expression: amount, window: 1d`)], marks: "amount" },
  "mixed-features": { edits: [aggregate("sum(amount), window: 1d }\n  - { name: latest, expression: amount")] },
  "unknown-type": { edits: [["name: last_items, type: int64", "name: last_items, type: integer"]], marks: "integer" },
  "wrong-type": {
    edits: [["name: last_items, type: int64", "name: last_items, type: string"]],
    marks: "string",
    fixed: "type: int64",
  },
  "unknown-function": { edits: [expression("absolute(items)")], marks: "absolute" },
  "unknown-aggregate": { edits: [aggregate("summ(amount), window: 1d")] },
  "unexpected-aggregate": { edits: [expression("1 + sum(items)")], marks: "sum" },
  "not-an-aggregate": { edits: [aggregate("amount, window: 1d")], marks: "amount" },
  "wrong-arguments": { edits: [aggregate("sum(amount, 2), window: 1d")] },
  "unexpected-character": { edits: [expression(`"items ? 1"`)], marks: "?" },
  "unexpected-token": { edits: [expression(`"items 1"`)], marks: "1" },
  "expected-token": { edits: [expression("(items")] },
  "too-deep": { edits: [expression(`${"(".repeat(2000)}items${")".repeat(2000)}`)] },
  "expected-expression": { edits: [expression(`"items +"`)] },
  "too-large": { edits: [expression(`"greatest(${Array.from({ length: 21_000 }, () => "items").join(", ")})"`)] },
  "invalid-literal": { edits: [expression(`"items + cast(date '2020-13-01' as int64)"`)] },
  "number-range": { edits: [expression("items + 9223372036854775808")], marks: "9223372036854775808" },
  "clock-in-expression": { edits: [expression("date_diff('day', ordered_at, now())")], marks: "now" },
  "label-as-feature": {
    edits: [
      ["path: data/orders.csv\nevent_time: ordered_at", "path: data/labels.csv\nevent_time: event_timestamp"],
      [`"sum(amount)"`, "sum(basket_value)"],
      ["expression: amount", "expression: basket_value"],
      ["type: int64, expression: items", "type: bool, expression: returned"],
    ],
    marks: "returned",
  },
  "label-as-request": {
    edits: [
      ["{ basket_value: float64 }", "{ basket_value: float64, returned: bool }"],
      ["labels: data/labels.csv } }", "labels: data/labels.csv } }\noutputs: { model: { model: returns, file: m.onnx } }"],
    ],
    marks: "data/labels.csv",
  },
  "later-than-event": {
    edits: [["expression: items", "expression: date_diff('day', ordered_at, delivered_on)"]],
    files: orders(
      "customer_id,ordered_at,amount,items,delivered_on",
      "1,2026-01-01,20.5,1,2026-01-04",
      "2,2026-01-09,20.5,1,2026-01-09",
    ),
    marks: "date_diff('day', ordered_at, delivered_on)",
  },
  "arrival-time-unused": {
    files: orders(
      "customer_id,ordered_at,amount,items,loaded_at",
      "1,2026-01-01 10:00:00,20.5,1,2026-01-01 10:00:00",
      "2,2026-01-09 10:00:00,20.5,1,2026-01-09 11:00:00",
    ),
    marks: "ordered_at",
    fixed: "known_at: loaded_at",
  },
  "arrival-time-as-feature": {
    edits: [
      ["event_time: ordered_at", "event_time: ordered_at\nknown_at: seen"],
      ["expression: items", "expression: date_diff('day', ordered_at, seen)"],
    ],
    files: orders(
      "customer_id,ordered_at,amount,items,seen",
      "1,2026-01-01 10:00:00,20.5,1,2026-01-01 10:00:00",
      "2,2026-01-09 10:00:00,20.5,1,2026-01-09 11:00:00",
    ),
  },
  "window-beyond-history": { edits: [[`"sum(amount)", window: 1d`, `"sum(amount)", window: 8d`]], marks: "8d" },
  "ttl-shorter-than-refresh": { edits: [["ttl: 30d", "ttl: 1h\nrefresh: { every: 1d }"]], marks: "1h", fixed: "ttl: 1d" },
  "no-owner": {
    edits: [
      [
        "service: shop\ntask: binary_classification\noutput: { name: probabilities, class: 1 }\nowner: risk@example.com",
        "service: shop\ntask: binary_classification\noutput: { name: probabilities, class: 1 }",
      ],
    ],
    marks: "returns",
  },
  "no-reader": { edits: [["[spending, last_order, basket]", "[spending, last_order.last_amount, basket]"]], marks: "last_items" },
  "pii-without-tag": { edits: [["name: last_items,", "name: last_items, pii: true,"]], marks: "returns", fixed: "tags: [pii]" },
  "same-meaning": { edits: [expression("items }\n  - { name: quantity, expression: (items)")], marks: "quantity" },
  "breaks-model": {
    before: (root) => applied(root),
    edits: [[`"sum(amount)", window: 1d`, `"sum(amount)", window: 2d`]],
    marks: "spent_1d",
  },
  "schema-column-lost": {
    before: async (root) => {
      await applied(root);
      writeFileSync(path.join(root, "data/orders.csv"), "customer_id,ordered_at,amount\n1,2026-01-01,1.5\n1,2026-01-09,1.5\n");
    },
    edits: [["expression: items", "expression: cast(amount as int64)"]],
    marks: "data/orders.csv",
  },
  "schema-type-changed": {
    before: async (root) => {
      await applied(root, ["{ name: last_items, type: int64", "{ name: last_items"]);
      writeFileSync(
        path.join(root, "data/orders.csv"),
        "customer_id,ordered_at,amount,items\n1,2026-01-01,1.5,1.5\n1,2026-01-09,1.5,1.5\n",
      );
    },
    edits: [["{ name: last_items, type: int64", "{ name: last_items"]],
  },
  "schema-column-added": {
    before: async (root) => {
      await applied(root);
      writeFileSync(
        path.join(root, "data/orders.csv"),
        "customer_id,ordered_at,amount,items,x\n1,2026-01-01,1.5,1,1\n1,2026-01-09,1.5,1,1\n",
      );
    },
  },
  "registry-damaged": {
    before: async (root) => {
      await applied(root);
      writeFileSync(path.join(registryFolder(root), "audit.ndjson"), "{}\n");
    },
  },
};

async function check({
  edits = [],
  files = {},
  before,
}: Case): Promise<{ root: string; text: string; diagnostics: readonly Diagnostic[] }> {
  const root = writeShop(files);
  await before?.(root);
  const { diagnostics } = await loadEdited(root, ...edits);
  return { root, diagnostics, text: readFileSync(path.join(root, "definitions/shop.yaml"), "utf8") };
}

function offset(text: string, { line, character }: { line: number; character: number }): number {
  return text.split("\n").slice(0, line).join("\n").length + (line === 0 ? 0 : 1) + character;
}

describe("each code of the table", () => {
  it.each(Object.entries(cases) as [DiagnosticCode, Case][])("%s", async (code, one) => {
    const { root, diagnostics, text } = await check(one);
    const found = diagnostics.filter((diagnostic) => diagnostic.code === code);
    expect(found.length, JSON.stringify(diagnostics, undefined, 1)).toBeGreaterThan(0);
    for (const { severity, message } of found) {
      expect(severity).toBe(diagnosticCodes[code].severity);
      expect(message.length).toBeGreaterThan(20);
    }
    const [first] = found;
    if (one.marks !== undefined && first !== undefined)
      expect(text.slice(offset(text, first.range.start), offset(text, first.range.end))).toBe(one.marks);
    if (one.fixed === undefined) return;
    const edit = found.find(({ fix }) => fix !== undefined)?.fix?.edits[0];
    if (edit === undefined) throw new Error(`${code} has no fix`);
    const mended = text.slice(0, offset(text, edit.range.start)) + edit.newText + text.slice(offset(text, edit.range.end));
    expect(mended).toContain(one.fixed);
    writeFileSync(path.join(root, "definitions/shop.yaml"), mended);
    const after = (await loadProject(root)).diagnostics.filter((diagnostic) => diagnostic.code === code);
    expect(after.length).toBeLessThan(found.length);
  });

  it("is told of by the code alone that the table has", () => {
    const source = path.resolve(import.meta.dirname, "..");
    // Elsewhere the compiler sees to it.
    const files = globSync("expressions/**/*.ts", { cwd: source }).filter((file) => !/\.test\.ts$|\/testing\//.test(file));
    const emitted = new Set(
      files.flatMap((file) =>
        [...readFileSync(path.join(source, file), "utf8").matchAll(/"([a-z]+(?:-[a-z]+)+)"/g)].map(([, code]) => code),
      ),
    );
    const tokenKind = "quoted-name";
    expect(emitted).toContain("unknown-function");
    expect([...emitted].filter((code) => code !== undefined && code !== tokenKind && !(code in diagnosticCodes))).toEqual([]);
  });
});

it("docs/diagnostics.md is what the table says; `node scripts/write-diagnostics-page.mjs` writes it", () => {
  const page = path.resolve(import.meta.dirname, "../../../docs/diagnostics.md");
  expect(readFileSync(page, "utf8")).toBe(diagnosticsPage());
});

it("SARIF describes each code that it names, and holds the fixes", async () => {
  const { diagnostics } = await check(cases["unknown-key"]);
  const { runs } = toSarif(diagnostics) as {
    runs: {
      tool: { driver: { rules: { id: string; help: object }[] } };
      results: { ruleId: string; ruleIndex: number; fixes?: object[] }[];
    }[];
  };
  const [run] = runs;
  for (const { ruleId, ruleIndex } of run?.results ?? []) expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  expect(run?.tool.driver.rules.find(({ id }) => id === "unknown-key")).toMatchObject({
    help: { text: expect.stringContaining("spelling") as string },
  });
  expect(run?.results.find(({ ruleId }) => ruleId === "unknown-key")?.fixes).toHaveLength(1);
});

it.each([
  ["offline: { engine: spark }", "The offline engine spark needs a `url`."],
  ["online: { store: redis }", "The online store redis needs a `url`."],
  [
    "online: { store: redis, url: redis://user:secret@host }",
    "The url of the online store has a user or a password in it. Give `username:` and `password: { env: NAME }` instead.",
  ],
  ["offline: { engine: flink }", "`offline.engine` must be equal to one of the allowed values."],
])("skewproof.yaml with %s", async (line, message) => {
  const { diagnostics } = await loadProject(writeShop({ "skewproof.yaml": `project: shop\nformat: 1\n${line}\n` }));
  expect(diagnostics.filter(({ file }) => file === "skewproof.yaml").map((one) => one.message)).toEqual([message]);
});

it.each<[string, Case, DiagnosticCode[]]>([
  ["a mistake in a feature, and not that others cannot read it", { edits: [["sum(amount)", "sum(amuont)"]] }, ["unknown-column"]],
  ["a key that stands twice", { edits: [["ttl: 30d", "ttl: 30d\nttl: 20d"]] }, ["invalid-yaml", "unknown-reference"]],
  [
    "a key that stands twice between braces",
    { edits: [["type: int64, expression: items", "type: int64, type: int64"]] },
    ["invalid-yaml", "unknown-reference"],
  ],
])("%s is told once", async (_, one, codes) => {
  expect((await check(one)).diagnostics.map(({ code }) => code)).toEqual(codes);
});

it("commas between parentheses may end alike in two values of one map", async () => {
  const one = { edits: [["expression: items", "expression: coalesce(items, 0), description: as (items, 0)"]] } as const;
  expect((await check(one)).diagnostics).toEqual([]);
});

it.each<[string, Case]>([
  [
    "by its name",
    {
      edits: [["{ basket_value: float64 }", "{ basket_value: float64, label: bool }"]],
      files: { "data/labels.csv": "customer_id,event_timestamp,basket_value,label,split\n1,2026-01-04,1.5,true,a\n" },
      marks: "bool",
    },
  ],
  [
    "by what another pipeline predicts",
    {
      edits: [
        ["{ basket_value: float64 }", "{ basket_value: float64, returned: bool }"],
        [
          "kind: monitor",
          "kind: on_demand_view\nname: honest\nrequest: { basket_value: float64 }\nowner: a\nfeatures: [{ name: half, expression: basket_value / 2 }]\n---\nkind: feature_service\nname: honest\nfeatures: [honest, spending]\nowner: a\n---\nkind: model\nname: honest\nservice: honest\ntask: regression\noutput: { name: x }\nowner: a\n---\nkind: pipeline\nname: other\ncommand: [x]\ninputs: { training: { service: honest, labels: data/labels.csv } }\noutputs: { model: { model: honest, file: m.onnx } }\n---\nkind: monitor",
        ],
      ],
      marks: "bool",
    },
  ],
])("a request column is seen to be the label %s", async (_, one) => {
  const { diagnostics, text } = await check(one);
  expect(diagnostics.map(({ code }) => code)).toEqual(["label-as-request"]);
  const [first] = diagnostics;
  expect(first && text.slice(offset(text, first.range.start), offset(text, first.range.end))).toBe(one.marks);
});

it.each<[string, Case, DiagnosticCode, string]>([
  [
    "an event id that the schema does not have",
    { edits: [stream(" }\nevent_id: order_id\ntags: [a] #")] },
    "unknown-column",
    "order_id",
  ],
  ["an event id that identifies nothing", { edits: [stream(" }\nevent_id: amount\ntags: [a] #")] }, "wrong-type", "float64"],
  [
    "a lateness that is measured from nothing",
    { edits: [["event_time: ordered_at", "lateness: 1h"]] },
    "missing-event-time",
    "lateness",
  ],
  ["columns that differ in case alone", { edits: [stream(", Amount: int64")] }, "duplicate-name", "differ in case"],
  ["a stream without a schema", { edits: [["path: data/orders.csv", "stream: true"]] }, "missing-key", "needs a `schema`"],
])("of a stream: %s", async (_, one, code, words) => {
  const found = (await check(one)).diagnostics.filter((diagnostic) => diagnostic.code === code);
  expect(found.some(({ message }) => message.includes(words))).toBe(true);
});

describe("what is no finding", () => {
  it.each<[string, Case]>([
    ["the project as it is", {}],
    [
      "the labels' column over a window, which ends before the label's own moment",
      {
        edits: [
          ["path: data/orders.csv\nevent_time: ordered_at", "path: data/labels.csv\nevent_time: event_timestamp"],
          [`"sum(amount)"`, `"sum(cast(returned as int64) * 1.0)"`],
          ["expression: amount", "expression: basket_value"],
          ["expression: items", "expression: cast(basket_value as int64)"],
        ],
      },
    ],
    [
      "a time that is set ahead",
      {
        edits: [["expression: items", "expression: date_diff('day', ordered_at, due_on)"]],
        files: orders("customer_id,ordered_at,amount,due_on", "1,2026-01-01,20.5,2026-01-04", "2,2026-01-09,20.5,2026-01-19"),
      },
    ],
    [
      "pii in a model that is tagged for it",
      {
        edits: [
          ["name: last_items,", "name: last_items, pii: true,"],
          ["service: shop\ntask", "service: shop\ntags: [pii]\ntask"],
        ],
      },
    ],
    ["a window as long as the history", { edits: [[`"sum(amount)", window: 1d`, `"sum(amount)", window: 7d`]] }],
    [
      "a stream, with what the log adds as known_at and tie_break",
      { edits: [stream(" }\nknown_at: _received_at\ntie_break: _position\nlateness: 1h\nevent_id: items\ntags: [a] #")] },
    ],
    ["an unbounded window", { edits: [[`"sum(amount)", window: 1d`, `"sum(amount)", window: unbounded`]] }],
    [
      "a column named as SQL's clock",
      {
        edits: [["expression: items", "expression: now"]],
        files: orders("customer_id,ordered_at,amount,now", "1,2026-01-01,20.5,4", "2,2026-01-09,20.5,4"),
      },
    ],
    ["a version whose meaning stayed", { before: (root) => applied(root), edits: [["sum(amount)", "SUM( amount )"]] }],
  ])("%s", async (_, one) => {
    expect((await check(one)).diagnostics).toEqual([]);
  });
});
