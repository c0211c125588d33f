import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { serve, skewproof, temporaryFolder, type Serving } from "../process/command-line.js";

const definitions = `kind: entity
name: customer
keys: [{ name: customer_id, type: int64 }]
---
kind: source
name: orders
path: data/orders.csv
event_time: ordered_at
---
kind: source
name: visits
path: data/visits.csv
event_time: visited_at
---
kind: source
name: scores
path: data/scores.csv
event_time: scored_at
known_at: known_from
---
kind: source
name: limits
path: data/limits.csv
event_time: granted_at
---
kind: source
name: ledger
path: data/ledger.csv
event_time: booked_at
---
kind: feature_view
name: spending
entity: customer
source: orders
features:
  - { name: orders_7d, type: int64, aggregate: count(*), window: 7d }
  - { name: spent_7d, type: float64, aggregate: sum(amount), window: 7d }
---
kind: feature_view
name: last_order
entity: customer
source: orders
ttl: 30d
features:
  - { name: last_amount, type: float64, expression: amount }
---
kind: feature_view
name: visiting
entity: customer
source: visits
features:
  - { name: visits_7d, type: int64, aggregate: count(*), window: 7d }
---
kind: feature_view
name: scoring
entity: customer
source: scores
features:
  - { name: score, type: float64 }
---
kind: feature_view
name: credit
entity: customer
source: limits
features:
  - { name: credit_limit, type: int64, expression: credit }
---
kind: feature_view
name: booking
entity: customer
source: ledger
features:
  - { name: balance, type: float64, aggregate: sum(amount), window: unbounded }
---
kind: on_demand_view
name: basket
inputs: [spending]
request: { basket_value: float64 }
features:
  - { name: basket_share, type: float64, expression: "basket_value / nullif(spent_7d, 0)" }
---
kind: feature_service
name: shop
features: [spending, last_order, visiting, scoring, credit, booking, basket]
`;

const files: Readonly<Record<string, string>> = {
  "skewproof.yaml": "project: shop\nformat: 1\n",
  "definitions/shop.yaml": definitions,
  // Customer 1 orders after the materialization; the order of 2 before that is too old; 4 ordered within it; 8 twice before.
  "data/orders.csv": `customer_id,ordered_at,amount
1,2026-01-08 10:00:00,10
1,2026-01-11 10:00:00,5.5
2,2025-12-01 10:00:00,20
2,2026-01-11 12:00:00,30
4,2026-01-07 10:00:00,40
8,2026-01-02 10:00:00,80
8,2026-01-08 10:00:00,88
0,2026-01-01 10:00:00,90
0,2026-01-09 10:00:00,99
`,
  "data/visits.csv": `customer_id,visited_at,_received_at
3,2026-01-08 10:00:00,2026-01-08 10:00:05
`,
  "data/scores.csv": `customer_id,scored_at,known_from,score
6,2026-01-05 00:00:00,2026-01-06 00:00:00,0.5
6,2026-01-08 00:00:00,2026-01-11 00:00:00,0.75
7,2026-01-05 00:00:00,2026-01-06 00:00:00,0.25
7,2026-01-08 00:00:00,2026-01-13 00:00:00,0.1
`,
  "data/limits.csv": "customer_id,granted_at,credit\n5,2026-01-01 00:00:00,500\n",
  // In the order of time 0.1 is lost in a hundred million; in the file's it is not.
  "data/ledger.csv": `customer_id,booked_at,amount
7,2026-01-01 00:00:00,100000000
7,2026-01-03 00:00:00,-100000000
7,2026-01-02 00:00:00,0.1
7,2026-01-04 00:00:00,0.1
`,
};

/** A project whose service `shop` reads six views, each of its own source. */
export function proofProject(): string {
  const root = path.join(temporaryFolder(), "shop");
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

export const edit = (root: string, file: string, from: string, to: string): void => {
  const before = readFileSync(path.join(root, file), "utf8");
  if (!before.includes(from)) throw new Error(`${file} holds no ${from}`);
  writeFileSync(path.join(root, file), before.replace(from, to));
};

/** Asks for the service's features at a moment; the sidecar runs with --replay. */
export async function askShop(sidecar: Serving, customers: readonly number[], at: string): Promise<void> {
  const reply = await fetch(`${sidecar.url}/v1/features/shop`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${readFileSync(sidecar.token_file, "utf8").trim()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      entities: customers.map((customer_id) => ({ customer_id })),
      request: customers.map(() => ({ basket_value: 11 })),
      options: { at },
    }),
  });
  if (reply.status !== 200) throw new Error(await reply.text());
}

/** Serves nine rows from the project and lets the world go on: every cause but missing_offline and unexplained follows. */
export async function skewedProject(): Promise<string> {
  const root = proofProject();
  const views = ["spending", "last_order", "visiting", "scoring", "booking"];
  const made = skewproof(root, ["materialize", ...views, "--until", "2026-01-10T00:00:00Z"]);
  if (made.status !== 0) throw new Error(made.stderr);
  const sidecar = await serve(root, ["--replay"]);
  await askShop(sidecar, [0, 1, 2, 3, 4, 5, 6, 7], "2026-01-12T00:00:00Z");
  await askShop(sidecar, [8], "2026-01-05T00:00:00Z");
  await sidecar.stop();
  // A visit comes in late, someone corrects an old order, and a window is made wider.
  appendFileSync(path.join(root, "data/visits.csv"), "3,2026-01-09 10:00:00,2026-01-13 09:00:00\n");
  edit(root, "data/orders.csv", "4,2026-01-07 10:00:00,40", "4,2026-01-07 10:00:00,44");
  const count = (days: string): string => `aggregate: count(*), window: ${days} }\n  - { name: spent_7d`;
  edit(root, "definitions/shop.yaml", count("7d"), count("14d"));
  return root;
}
