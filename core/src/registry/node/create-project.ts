import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";

const files: Readonly<Record<string, string>> = {
  "skewproof.yaml": `project: shop
format: 1
targets:
  local: { kind: process, port: 8480 }
`,
  "definitions/shop.yaml": `kind: entity
name: customer
keys: [{ name: customer_id, type: int64 }]
owner: you@example.com
---
kind: source
name: orders
path: data/orders.csv
event_time: ordered_at
owner: you@example.com
---
kind: feature_view
name: customer_orders
entity: customer
source: orders
owner: you@example.com
features:
  - { name: orders_7d, type: int64, aggregate: count(*), window: 7d }
  - { name: spent_7d, type: float64, aggregate: sum(amount), window: 7d }
---
kind: feature_view
name: customer_last_order
entity: customer
source: orders
ttl: 30d
owner: you@example.com
features:
  - { name: last_amount, type: float64, expression: amount }
  - { name: last_was_large, type: bool, expression: amount >= 100 }
---
kind: on_demand_view
name: basket
inputs: [customer_orders]
request: { basket_value: float64 }
owner: you@example.com
features:
  - { name: basket_to_week, type: float64, expression: "basket_value / nullif(spent_7d, 0)" }
---
kind: feature_service
name: shop
features: [customer_orders, customer_last_order, basket]
owner: you@example.com
`,
  "data/orders.csv": `customer_id,ordered_at,amount
1,2026-01-01 09:00:00,20.5
1,2026-01-03 10:30:00,120.0
2,2026-01-02 08:15:00,15.0
2,2026-01-08 19:45:00,60.25
3,2026-01-09 12:00:00,250.0
`,
  "data/labels.csv": `customer_id,event_timestamp,basket_value,returned
1,2026-01-04 00:00:00,35.0,false
2,2026-01-09 00:00:00,80.0,true
3,2026-01-09 12:00:00,40.0,false
4,2026-01-09 12:00:00,10.0,false
`,
  ".gitignore": ".skewproof/\n",
};

/** Writes a small complete project. Throws `usage` when a file of it is already there; then nothing is written. */
export function createProject(dir: string): { root: string; files: string[] } {
  const root = path.resolve(dir);
  const there = Object.keys(files).find((file) => existsSync(path.join(root, file)));
  if (there !== undefined)
    throw new SkewproofError("usage", `${path.join(root, there)} is already there; nothing was written. Choose another folder.`);
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  return { root, files: Object.keys(files) };
}
