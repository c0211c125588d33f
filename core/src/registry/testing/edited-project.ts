import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { loadProject, type LoadedProject } from "../node/load-project.js";

/** A shop with a model: every kind of definition once, and no finding. */
const definitions = `kind: entity
name: customer
keys: [{ name: customer_id, type: int64 }]
owner: crm@example.com
---
kind: source
name: orders
path: data/orders.csv
event_time: ordered_at
owner: crm@example.com
---
kind: feature_view
name: spending
entity: customer
source: orders
owner: crm@example.com
features:
  - { name: orders_1d, type: int64, aggregate: "count(*)", window: 1d }
  - { name: spent_1d, type: float64, aggregate: "sum(amount)", window: 1d }
---
kind: feature_view
name: last_order
entity: customer
source: orders
ttl: 30d
owner: crm@example.com
features:
  - { name: last_amount, type: float64, expression: amount }
  - { name: last_items, type: int64, expression: items }
---
kind: on_demand_view
name: basket
inputs: [spending]
request: { basket_value: float64 }
owner: web@example.com
features:
  - { name: basket_to_day, type: float64, expression: "basket_value / nullif(spent_1d, 0)" }
---
kind: feature_service
name: shop
features: [spending, last_order, basket]
owner: web@example.com
---
kind: model
name: returns
service: shop
task: binary_classification
output: { name: probabilities, class: 1 }
owner: risk@example.com
---
kind: pipeline
name: train_returns
command: [python, train.py, --data, "{inputs.training}"]
inputs: { training: { service: shop, labels: data/labels.csv } }
owner: risk@example.com
---
kind: monitor
name: shop_drift
service: shop
reference: training
window: 1d
owner: risk@example.com
`;

const orders = `customer_id,ordered_at,amount,items
1,2026-01-01 09:00:00,20.5,1
1,2026-01-03 10:30:00,120.0,3
2,2026-01-08 19:45:00,60.25,2
`;

const labels = `customer_id,event_timestamp,basket_value,returned
1,2026-01-04 00:00:00,35.0,false
2,2026-01-09 00:00:00,80.0,true
`;

/** `from` must stand in the file; every place of it is replaced. */
export type Edit = readonly [from: string, to: string];

export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`The definitions do not hold ${from}`);
    return now.replaceAll(from, to);
  }, text);
}

/** A new folder with the project's files. */
export function writeShop(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(path.join(tmpdir(), "skewproof-registry-"));
  const all = {
    "skewproof.yaml": "project: shop\nformat: 1\n",
    "definitions/shop.yaml": definitions,
    "data/orders.csv": orders,
    "data/labels.csv": labels,
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

/** Loads the project with edited definitions, and writes them. */
export async function loadEdited(root: string, ...edits: readonly Edit[]): Promise<LoadedProject> {
  writeFileSync(path.join(root, "definitions/shop.yaml"), edited(definitions, edits));
  return loadProject(root);
}

/** A registered version of the model `returns` that reads two features, as `bundle.json` describes it. */
export function registerReturns(
  root: string,
  definitionsDigest: string,
  types = { spent_1d: "float64", last_amount: "float64" },
): void {
  const folder = path.join(root, ".skewproof/models/returns/1");
  mkdirSync(folder, { recursive: true });
  const features = Object.entries(types).map(([name, type]) => ({ name, type }));
  const inputs = [{ input: "x", type: "float32", rank: 2, features: features.map(({ name }) => name) }];
  const bundle = { format: 1, model: "returns", version: "1", service: "shop", inputs, features, definitions: definitionsDigest };
  writeFileSync(path.join(folder, "bundle.json"), JSON.stringify(bundle));
}
