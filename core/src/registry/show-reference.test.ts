import { beforeAll, describe, expect, it } from "vitest";

import type { BoundProject } from "./bound-project.js";
import { readModelReaders } from "./node/model-readers.js";
import { showReference } from "./show-reference.js";
import { loadEdited, registerReturns, writeShop } from "./testing/edited-project.js";

let project: BoundProject;
let root: string;

beforeAll(async () => {
  root = writeShop();
  ({ project } = await loadEdited(root));
  registerReturns(root, project.digest);
});

interface Shown {
  readonly kind: string;
  readonly lineage: {
    readonly id: string;
    readonly upstream: string[];
    readonly downstream: string[];
    readonly consumers: string[];
    readonly owners: Record<string, string[]>;
  };
}
const show = (reference: string): Shown => showReference(project, readModelReaders(root, "all"), reference).document as Shown;

const consumers = ["service shop", "model returns", "version returns@1", "pipeline train_returns", "monitor shop_drift"];

describe("show", () => {
  it("a column, down to the model versions that it reaches, through an on-demand feature too", () => {
    expect(show("orders.amount").lineage).toEqual({
      id: "column orders.amount",
      upstream: ["source orders"],
      downstream: ["feature basket.basket_to_day", "feature last_order.last_amount", "feature spending.spent_1d", ...consumers],
      consumers,
      owners: {
        "web@example.com": ["service shop"],
        "risk@example.com": ["model returns", "pipeline train_returns", "monitor shop_drift"],
      },
    });
  });

  it("a column that no version reads does not reach it, but the model", () => {
    expect(show("orders.items").lineage.downstream).toEqual([
      "feature last_order.last_items",
      ...consumers.filter((one) => !one.startsWith("version")),
    ]);
  });

  it("a model version, up to the columns of its sources", () => {
    const { upstream } = show("returns@1").lineage;
    expect(upstream).toEqual([
      "column orders.amount",
      "column orders.customer_id",
      "column orders.ordered_at",
      "source orders",
      "entity customer",
      "view last_order",
      "view spending",
      "feature last_order.last_amount",
      "feature spending.spent_1d",
      "service shop",
      "model returns",
    ]);
    expect(show("returns@latest").lineage.id).toBe("version returns@1");
  });

  it("both ways agree: what lies downstream of each thing has it upstream", () => {
    const references = [
      "orders",
      "orders.amount",
      "orders.ordered_at",
      "spending",
      "last_order.last_items",
      "basket",
      "shop",
      "returns",
      "returns@1",
    ];
    for (const reference of references) {
      const { id, downstream } = show(reference).lineage;
      for (const other of downstream) {
        // A view is no part of another's value: its features are.
        if (other.startsWith("request ")) continue;
        const { upstream } = show(other).lineage;
        expect(upstream, `${other} lies downstream of ${id}`).toContain(id);
      }
    }
  });

  it.each([
    ["orders", "source orders"],
    ["spending", "view spending"],
    ["spending.spent_1d", "feature spending.spent_1d"],
    ["shop", "service shop"],
    ["returns", "model returns"],
    ["customer", "entity customer"],
    ["pipeline train_returns", "pipeline train_returns"],
    ["monitor shop_drift", "monitor shop_drift"],
  ])("%s is %s, as text too", (reference, id) => {
    expect(show(reference).lineage.id).toBe(id);
    const { text } = showReference(project, readModelReaders(root, "all"), reference);
    expect(text).toMatch(/^\w+ +\S/);
    expect(text).not.toMatch(/undefined|\[object/);
  });

  it("an unknown name is answered with the nearest", () => {
    expect(() => show("spending.spent_2d")).toThrow("Nothing here is named spending.spent_2d. Did you mean spending.spent_1d?");
    expect(() => show("view orders")).toThrow(/Nothing here is named view orders/);
    expect(() => show("returns@7")).toThrow(/Did you mean returns/);
  });
});
