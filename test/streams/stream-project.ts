import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { loadValidProject, type LoadedProject } from "skewproof/registry/node/load-project";

import { temporaryFolder } from "../process/command-line.js";

const definitions = `kind: entity
name: customer
keys: [{ name: customer_id, type: int64 }]
owner: a
---
kind: source
name: clicks
stream: true
schema:
  click_id: string
  customer_id: int64
  clicked_at: timestamp
  price: decimal(18,2)
  weight: float64
  count: int32
  ok: bool
  day: date
  page: string
  raw: bytes
  scores: list<float64>
  sums: list<decimal(38,3)>
event_time: clicked_at
known_at: _received_at
tie_break: _position
event_id: click_id
lateness: 1h
---
kind: feature_view
name: last_click
entity: customer
source: clicks
owner: a
features:
  - { name: price, expect: { min: 0 } }
  - { name: page, expect: { in: [home, cart] } }
  - { name: position, type: int64, expression: _position }
---
kind: feature_view
name: clicking
entity: customer
source: clicks
owner: a
features:
  - { name: clicks_1h, type: int64, aggregate: "count(*)", window: 1h }
---
kind: feature_service
name: shop
features: [last_click, clicking]
owner: a
`;

/** A project of one stream, `clicks`, in a new folder; `edit` changes its definitions. */
export function streamProject(edit: (text: string) => string = (text) => text): Promise<LoadedProject> {
  return loadValidProject(writeProject(edit(definitions)));
}

/** A row that fits. */
export const click = (id: number | string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  click_id: String(id),
  customer_id: 1,
  clicked_at: "2026-01-01T10:00:00Z",
  page: "home",
  ...more,
});

/** The folder of a new project with one file of definitions. */
function writeProject(text: string): string {
  const root = temporaryFolder();
  mkdirSync(path.join(root, "definitions"));
  writeFileSync(path.join(root, "skewproof.yaml"), "project: test\nformat: 1\n");
  writeFileSync(path.join(root, "definitions/all.yaml"), text);
  return root;
}
