import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import type { BoundProject } from "../registry/bound-project.js";
import { createProject } from "../registry/node/create-project.js";
import { loadProject } from "../registry/node/load-project.js";
import { complete } from "./complete.js";
import { definitionOf } from "./definition.js";
import { hover } from "./hover.js";
import { lenses } from "./lenses.js";
import { targetAt } from "./target.js";

let project: BoundProject;

beforeAll(async () => {
  const root = path.join(mkdtempSync(path.join(tmpdir(), "skewproof-language-")), "shop");
  createProject(root);
  ({ project } = await loadProject(root));
});

/** Text with `|` where the cursor is. */
function at(marked: string): [string, number] {
  const offset = marked.indexOf("|");
  return [marked.slice(0, offset) + marked.slice(offset + 1), offset];
}
const labels = (marked: string): string[] => complete(project, ...at(marked)).items.map(({ label }) => label);

const view = "kind: feature_view\nname: v\nentity: customer\nsource: orders\nfeatures:\n";

describe("completion", () => {
  it.each([
    ["keys of a document", "kind: feature_view\nna|", "name"],
    ["keys not yet written", "kind: source\nname: x\n|\n", "event_time"],
    ["the kind", "kind: |", "feature_view"],
    ["the first key of an empty file", "|", "kind"],
    ["the first key of a second document", "kind: entity\nname: a\nkeys: [{ name: a, type: string }]\n---\nk|", "kind"],
    ["sources", "kind: feature_view\nname: v\nsource: |", "orders"],
    ["entities", "kind: feature_view\nentity: c|", "customer"],
    ["columns in a flow map", `${view}  - { name: x, aggregate: "avg(|)", window: 1h }`, "amount"],
    ["columns in a flow map after a comma", `${view}  - { name: x, expression: coalesce(amount, |) }`, "amount"],
    ["functions", `${view}  - name: x\n    expression: coal|`, "coalesce"],
    ["aggregates", `${view}  - name: x\n    aggregate: |\n    window: 1h`, "count"],
    ["keys of a feature in a flow map", `${view}  - { name: x, | }`, "window"],
    ["keys of a feature in a block", `${view}  - name: x\n    typ|`, "type"],
    ["types", `${view}  - { name: x, type: fl| }`, "float64"],
    ["windows", `${view}  - { name: x, window: | }`, "7d"],
    ["features of a service", "kind: feature_service\nname: s\nfeatures: [customer_orders.|]", "customer_orders.spent_7d"],
    ["features of a service in a block", "kind: feature_service\nname: s\nfeatures:\n  - cust|", "customer_orders"],
    ["event time", "kind: source\nname: orders\nevent_time: |", "ordered_at"],
    ["a choice of the schema", "kind: model\ntask: |", "regression"],
    [
      "features on demand",
      "kind: on_demand_view\ninputs: [customer_orders]\nfeatures:\n  - { name: x, expression: spent| }",
      "spent_7d",
    ],
    [
      "request columns",
      "kind: on_demand_view\nrequest: { basket: float64 }\nfeatures:\n  - { name: x, expression: bas| }",
      "basket",
    ],
  ])("offers %s", (_, marked, label) => {
    expect(labels(marked)).toContain(label);
  });

  it("leaves out what is written already, and aggregates where none may stand", () => {
    expect(labels("kind: source\nname: x\n|\n")).not.toContain("name");
    expect(labels(`${view}  - { name: x, expression: | }`)).not.toContain("count");
  });

  it("replaces the word at the cursor, with its dots", () => {
    const [text, offset] = at("kind: feature_service\nfeatures: [customer_orders.sp|]");
    expect(text.slice(complete(project, text, offset).start, offset)).toBe("customer_orders.sp");
  });

  it("never throws, wherever the cursor stands in whatever text", () => {
    const piece = fc.constantFrom(
      "kind: ",
      "feature_view\n",
      "- ",
      "{ name: ",
      "}",
      "[",
      "\n",
      "  ",
      '"',
      "features:",
      "é𝄞",
      "---\n",
      "&a *a",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(), (pieces, place) => {
        const text = pieces.join("");
        const offset = place % (text.length + 1);
        complete(project, text, offset);
        const target = targetAt(project, text, offset);
        if (target !== undefined) hover(project, target, () => null);
      }),
    );
  });
});

describe("hover and definition", () => {
  const said = (marked: string): string | undefined => {
    const target = targetAt(project, ...at(marked));
    return target && hover(project, target, () => null);
  };
  it.each([
    ["a function", `${view}  - { name: x, expression: "coal|esce(amount, 0)" }`, "coalesce("],
    ["a column", `${view}  - { name: x, aggregate: "avg(amo|unt)", window: 1h }`, "amount: float64"],
    ["a key", `${view}  - { name: x, wind|ow: 1h }`, "How far back"],
    ["a source", "kind: feature_view\nsource: ord|ers", "ordered_at"],
    ["a feature of a service", "kind: feature_service\nfeatures: [customer_orders.spe|nt_7d]", "sum(amount) over 7d"],
    [
      "a feature where it is defined",
      "kind: feature_view\nname: customer_orders\nfeatures:\n  - { name: spe|nt_7d }",
      "you@example.com",
    ],
    ["an entity", "kind: feature_view\nentity: cust|omer", "customer_id"],
  ])("tells of %s", (_, marked, text) => {
    expect(said(marked)).toContain(text);
  });

  it("finds definitions, and nothing where there is none", () => {
    const place = (marked: string): unknown => {
      const target = targetAt(project, ...at(marked));
      return target && definitionOf(project, target);
    };
    const feature = project.views.get("customer_orders")?.features.find(({ name }) => name === "spent_7d");
    expect(place("kind: feature_service\nfeatures: [customer_orders.spe|nt_7d]")).toEqual({
      file: "definitions/shop.yaml",
      line: feature?.line,
    });
    expect(
      place("kind: on_demand_view\ninputs: [customer_orders]\nfeatures:\n  - { name: x, expression: spe|nt_7d + 1 }"),
    ).toMatchObject({ line: feature?.line });
    expect(place("kind: feature_view\nsource: ord|ers")).toMatchObject({ file: "definitions/shop.yaml" });
    expect(place("kind: feature_view\nsource: no_s|uch")).toBeUndefined();
    expect(place("# comm|ent\nkind: source")).toBeUndefined();
  });
});

describe("lenses", () => {
  it("stand over each feature, with the last known distribution", () => {
    const column = {
      name: "spent_7d",
      type: "float64",
      count: 7,
      nulls: 3,
      numeric: { min: 0, max: 9, mean: 4.25, stddev: 1, edges: [1, 2], counts: [1, 4, 2] },
    };
    const all = lenses(project, "definitions/shop.yaml", (_, __, feature) =>
      feature === column.name ? { file: "training.parquet", asOf: "2026-01-01T00:00:00Z", rows: 10, column } : null,
    );
    expect(all.map(({ title }) => title)).toContain("▃█▅  mean 4.25 · null 30.0% · read by no model");
    expect(all).toHaveLength(5);
    expect(lenses(project, "definitions/other.yaml", () => null)).toEqual([]);
    expect(lenses(project, "definitions/shop.yaml", () => null)[0]?.title).toBe("not in a training set yet · read by no model");
  });
});
