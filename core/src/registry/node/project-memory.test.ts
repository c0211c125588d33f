import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { expect, it } from "vitest";

import { edited, loadEdited, registerReturns, writeShop, type Edit } from "../testing/edited-project.js";
import { applyProject } from "./apply-project.js";
import { loadProject } from "./load-project.js";
import { createMemory } from "./project-memory.js";

const edits: readonly Edit[] = [
  ["kind: entity", "# a line more\nkind: entity"],
  ["sum(amount)", "sum(amuont)"],
  ["sum(amount)", "avg(amount)"],
  ["kind: monitor", "kind: [monitor"],
  ["name: orders\n", "name: order\n"],
  ["event_time: ordered_at\n", ""],
  ["ttl: 30d", "ttl: 20d"],
  ["expression: items", "expression: itemz"],
  ["[spending, last_order, basket]", "[spending.spent_1d, basket]"],
  ["name: last_items,", "name: last_items, pii: true,"],
  ["keys: [{ name: customer_id, type: int64 }]", "keys: [{ name: customer_id, type: string }]"],
  ["name: basket\n", "name: spending\n"],
  ["request: { basket_value: float64 }", "request: { basket_value: string }"],
];

it("what an editor's server remembers changes nothing: after each edit all is as if the project were read anew", async () => {
  const root = writeShop();
  const loaded = await loadEdited(root);
  registerReturns(root, loaded.project.digest);
  await applyProject(loaded, { by: { name: "ann", from: "option" }, approvals: [], now: new Date(0) });
  const text = readFileSync(path.join(root, "definitions/shop.yaml"), "utf8");
  const memory = createMemory();

  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat({ max: edits.length - 1 }), { maxLength: 4 }),
      fc.boolean(),
      async (chosen, isOpen) => {
        // An edit that another has already made impossible is left out.
        const now = chosen.reduce((before, index) => {
          const edit = edits[index];
          return edit !== undefined && before.includes(edit[0]) ? edited(before, [edit]) : before;
        }, text);
        const texts = new Map(isOpen ? [["definitions/shop.yaml", now]] : []);
        writeFileSync(path.join(root, "definitions/shop.yaml"), isOpen ? text : now);
        const [remembered, anew] = [
          await loadProject(root, { schemas: "cached", texts, memory }),
          await loadProject(root, { schemas: "cached", texts }),
        ];
        expect(remembered.diagnostics).toEqual(anew.diagnostics);
        expect(remembered.project.digest).toBe(anew.project.digest);
        expect(remembered.project).toEqual(anew.project);
      },
    ),
    { numRuns: 150 },
  );
});
