import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { cachedPython } from "../tools/cached-python.js";
import { newProject, serve, skewproof, temporaryFolder, type Serving } from "./command-line.js";

let sidecar: Serving;
let token: string;

beforeAll(async () => {
  const root = newProject();
  const recent = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  appendFileSync(path.join(root, "data/orders.csv"), `7,${recent(3)},9007199254740993\n7,${recent(2)},10\n8,${recent(1)},\n`);
  expect(skewproof(root, ["materialize"])).toMatchObject({ status: 0 });
  sidecar = await serve(root, []);
  token = readFileSync(sidecar.token_file, "utf8").trim();
});
afterAll(() => sidecar.stop());

const client = `
import datetime, json, sys
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.infra.online_stores.remote import RemoteOnlineStore
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import Bool, Float64, Int64
from feast.value_type import ValueType

store = FeatureStore(repo_path=sys.argv[1])
customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
source = FileSource(name="orders", path="orders.parquet", timestamp_field="ordered_at")
forever = datetime.timedelta(0)
orders = FeatureView(name="customer_orders", entities=[customer], ttl=forever, source=source,
    schema=[Field(name="orders_7d", dtype=Int64), Field(name="spent_7d", dtype=Float64)])
last = FeatureView(name="customer_last_order", entities=[customer], ttl=forever, source=source,
    schema=[Field(name="last_amount", dtype=Float64), Field(name="last_was_large", dtype=Bool)])
store.apply([customer, source, orders, last])
features = ["customer_orders:orders_7d", "customer_orders:spent_7d", "customer_last_order:last_amount", "customer_last_order:last_was_large"]
answer = store.get_online_features(features=features, entity_rows=[{"customer_id": id} for id in (7, 8, 99)]).to_dict()
keys = [EntityKey(join_keys=["customer_id"], entity_values=[Value(int64_val=id)]) for id in (7, 99)]
read = RemoteOnlineStore().online_read(store.config, orders, keys, ["orders_7d", "spent_7d"])
print(json.dumps({
    "answer": answer,
    "read": [{name: getattr(value, value.WhichOneof("val")) if value.WhichOneof("val") else None for name, value in values.items()} for _, values in read],
}))
`;

it("Feast's own remote online store reads from the sidecar, given its URL alone", () => {
  const folder = temporaryFolder();
  const { python } = cachedPython("feast", ["feast==0.67.0"]);
  const url = sidecar.url.replace("http://", `http://:${token}@`);
  writeFileSync(
    path.join(folder, "feature_store.yaml"),
    `project: shop\nregistry: registry.db\nprovider: local\nentity_key_serialization_version: 3\nonline_store: { type: remote, path: "${url}" }\n`,
  );
  writeFileSync(path.join(folder, "client.py"), client);
  // The client looks at its source when definitions are applied.
  execFileSync(python, [
    "-c",
    `import pandas; pandas.DataFrame({"customer_id": [1], "ordered_at": [pandas.Timestamp("2026-01-01", tz="UTC")], "orders_7d": [1], "spent_7d": [1.0], "last_amount": [1.0], "last_was_large": [True]}).to_parquet("${path.join(folder, "orders.parquet")}")`,
  ]);
  const output = execFileSync(python, [path.join(folder, "client.py"), folder], { cwd: folder, encoding: "utf8" });
  expect(JSON.parse(output.trim().split("\n").at(-1) ?? "")).toEqual({
    answer: {
      customer_id: [7, 8, 99],
      orders_7d: [2, 1, 0],
      spent_7d: [9007199254741002, null, null],
      last_amount: [10, null, null],
      last_was_large: [false, null, null],
    },
    read: [
      { orders_7d: 2, spent_7d: 9007199254741002 },
      { orders_7d: 0, spent_7d: null },
    ],
  });
});

async function ask(body: unknown, headers: Record<string, string> = { authorization: `Bearer ${token}` }) {
  const reply = await fetch(`${sidecar.url}/get-online-features`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

it("answers a feature service with its on-demand features and full names", async () => {
  const { body } = await ask({
    feature_service: "shop",
    entities: { customer_id: [7, "8"], basket_value: [10, 20] },
    full_feature_names: true,
  });
  expect(body).toMatchObject({
    metadata: {
      feature_names: [
        "customer_id",
        "basket_value",
        "customer_orders__orders_7d",
        "customer_orders__spent_7d",
        "customer_last_order__last_amount",
        "customer_last_order__last_was_large",
        "basket__basket_to_week",
      ],
    },
  });
  const { results } = body as { results: { values: unknown[]; statuses: unknown[] }[] };
  expect(results[4]).toMatchObject({ values: [10, null], statuses: ["PRESENT", "NULL_VALUE"] });
});

it.each([
  ["nothing asked", { entities: { customer_id: [1] } }, 422, "Name a feature_service"],
  ["a view that is not there", { entities: { customer_id: [1] }, features: ["customer_order:x"] }, 422, "customer_orders"],
  ["a feature that is not there", { entities: { customer_id: [1] }, features: ["customer_orders:orders_7"] }, 422, "orders_7d"],
  ["uneven columns", { entities: { customer_id: [1], basket_value: [] }, feature_service: "shop" }, 422, "basket_value"],
  ["a key of another type", { entities: { customer_id: ["x"] }, features: ["customer_orders:orders_7d"] }, 422, "customer_id"],
  ["a key that is missing", { entities: { customer: [1] }, features: ["customer_orders:orders_7d"] }, 422, "customer_id"],
  ["a service that is not there", { entities: { customer_id: [1] }, feature_service: "shops" }, 422, "shop"],
])("refuses %s", async (_, body, status, says) => {
  const answer = await ask(body);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ error: expect.stringContaining(says) as string });
});

it("asks for the token", async () => {
  const body = { entities: { customer_id: [1] }, features: ["customer_orders:orders_7d"] };
  expect((await ask(body, {})).status).toBe(401);
  expect((await ask(body, { authorization: `Basic ${btoa(":wrong")}` })).status).toBe(401);
  expect((await ask(body, { authorization: `Basic ${btoa(`:${token}`)}` })).status).toBe(200);
});
