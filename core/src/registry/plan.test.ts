import { writeFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { planProject, applyProject } from "./node/apply-project.js";
import { registerReturns, loadEdited, writeShop, type Edit } from "./testing/edited-project.js";

const now = new Date("2026-02-01T00:00:00Z");
const by = { name: "ann@example.com", from: "option" } as const;

async function planned(edits: readonly Edit[], withVersion = true): Promise<ReturnType<typeof planProject>> {
  const root = writeShop();
  const loaded = await loadEdited(root);
  expect(loaded.diagnostics).toEqual([]);
  if (withVersion) registerReturns(root, loaded.project.digest);
  await applyProject(loaded, { by, approvals: [], now });
  return planProject(await loadEdited(root, ...edits));
}
const outline = ({ changes }: Awaited<ReturnType<typeof planned>>): string[] =>
  changes.map(({ id, change, impact }) => `${impact} ${change} ${id}`);

describe("what means the same is no change", () => {
  it.each<[string, Edit[]]>([
    ["nothing edited", []],
    ["spacing, case and parentheses of an expression", [["sum(amount)", " SUM( ( amount ) )"]]],
    ["comments", [["kind: entity", "# who buys\nkind: entity"]]],
    ["the order of keys", [["name: orders_1d, type: int64", "type: int64, name: orders_1d"]]],
    ["another spelling of a duration", [["ttl: 30d", "ttl: 720h"]]],
    ["a type that was inferred before", [["name: spent_1d, type: float64", "name: spent_1d"]]],
    ["defaults written out", [["kind: feature_view\n", "kind: feature_view\nonline: true\n"]]],
    [
      "the order of documents",
      [
        ["kind: entity\nname: customer\nkeys: [{ name: customer_id, type: int64 }]\nowner: crm@example.com\n---\n", ""],
        [
          "kind: monitor",
          "kind: entity\nname: customer\nkeys: [{ name: customer_id, type: int64 }]\nowner: crm@example.com\n---\nkind: monitor",
        ],
      ],
    ],
  ])("%s", async (_, edits) => {
    const root = writeShop();
    const before = await loadEdited(root);
    await applyProject(before, { by, approvals: [], now });
    const after = await loadEdited(root, ...edits);
    expect(outline(planProject(after))).toEqual([]);
    expect(after.project.digest).toBe(before.project.digest);
  });

  it("a description changes the snapshot, and not the digest that training sets name", async () => {
    const root = writeShop();
    const before = await loadEdited(root);
    await applyProject(before, { by, approvals: [], now });
    const after = await loadEdited(root, ["name: orders\n", "name: orders\ndescription: Every order.\n"]);
    expect(outline(planProject(after))).toEqual(["safe changed source orders"]);
    expect(after.project.digest).toBe(before.project.digest);
  });
});

describe("what a change does", () => {
  it.each<[string, Edit[], string[], string[]]>([
    [
      "an int feature that becomes float",
      [["name: last_items, type: int64, expression: items", "name: last_items, type: float64, expression: items / 1"]],
      ["breaking changed feature last_order.last_items"],
      ["service shop", "model returns", "pipeline train_returns", "monitor shop_drift"],
    ],
    [
      "the meaning of a feature that a version reads, over an on-demand feature too",
      [['aggregate: "sum(amount)", window: 1d', 'aggregate: "sum(amount)", window: 2d']],
      ["breaking changed feature spending.spent_1d"],
      [
        "feature basket.basket_to_day",
        "service shop",
        "model returns",
        "version returns@1",
        "pipeline train_returns",
        "monitor shop_drift",
      ],
    ],
    [
      "the meaning of a feature that no version reads",
      [["expression: items", "expression: items + 1"]],
      ["risky changed feature last_order.last_items"],
      ["service shop", "model returns", "pipeline train_returns", "monitor shop_drift"],
    ],
    [
      "a ttl removed",
      [["ttl: 30d\n", ""]],
      ["breaking changed view last_order"],
      [
        "feature last_order.last_amount",
        "feature last_order.last_items",
        "service shop",
        "model returns",
        "version returns@1",
        "pipeline train_returns",
        "monitor shop_drift",
      ],
    ],
    [
      "a request column more",
      [["{ basket_value: float64 }", "{ basket_value: float64, voucher: bool }"]],
      ["breaking changed service shop", "breaking changed view basket"],
      ["model returns", "version returns@1", "pipeline train_returns", "monitor shop_drift"],
    ],
    [
      "a feature more",
      [["window: 1d }\n---", 'window: 1d }\n  - { name: orders_7d, type: int64, aggregate: "count(*)", window: 2d }\n---']],
      ["safe added feature spending.orders_7d", "safe changed service shop"],
      [],
    ],
    [
      "no longer online",
      [["ttl: 30d", "ttl: 30d\nonline: false"]],
      ["breaking changed view last_order"],
      ["feature last_order.last_amount"],
    ],
    [
      "another owner",
      [["owner: web@example.com\nfeatures:\n", "owner: new@example.com\nfeatures:\n"]],
      ["safe changed view basket"],
      [],
    ],
    [
      "another order of a service's features",
      [["[spending, last_order, basket]", "[spending.spent_1d, spending.orders_1d, last_order, basket]"]],
      ["risky changed service shop"],
      [],
    ],
  ])("%s", async (_, edits, changes, reaches) => {
    const plan = await planned(edits);
    expect(outline(plan)).toEqual(changes);
    expect(plan.changes[0]?.breaks).toEqual(expect.arrayContaining(reaches));
    if (reaches.length === 0) expect(plan.changes[0]?.impact === "safe" ? plan.changes[0].breaks : []).toEqual([]);
  });

  it("without a version the same change of meaning is risky, and needs nobody's approval", async () => {
    const plan = await planned([["window: 1d }\n---", "window: 2d }\n---"]], false);
    expect(outline(plan)).toEqual(["risky changed feature spending.spent_1d"]);
    expect(plan.approvals).toEqual([]);
  });

  it("a source's column that is lost is breaking where it is read, and safe where it is new", async () => {
    const root = writeShop();
    await applyProject(await loadEdited(root), { by, approvals: [], now });
    writeFileSync(path.join(root, "data/orders.csv"), "customer_id,ordered_at,amount,voucher\n1,2026-01-01 09:00:00,20.5,x\n");
    const [first] = planProject(await loadEdited(root, ["expression: items", "expression: cast(amount as int64)"])).changes;
    expect(first).toMatchObject({
      id: "source orders",
      impact: "breaking",
      approvals: ["crm@example.com", "risk@example.com", "web@example.com"],
    });
    expect(first?.details).toEqual([
      { what: "column items", from: "int64", impact: "breaking" },
      { what: "column voucher", to: "string", impact: "safe" },
    ]);
  });
});
