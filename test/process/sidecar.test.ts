import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";
import path from "node:path";

import type { SkewReport } from "skewproof/skew/skew-report";

import { tinyOnnx } from "./tiny-onnx.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newProject, serve, skewproof, temporaryFolder, type Serving } from "./command-line.js";

const weights = [0.5, 0.01, -0.002, 1, 0.25];
let root: string;
let sidecar: Serving;
let token: string;

beforeAll(async () => {
  root = newProject();
  const model =
    "---\nkind: model\nname: returns\nservice: shop\ntask: binary_classification\noutput: { name: score }\nowner: you@example.com\nfill: { spent_7d: 0, last_amount: 0, last_was_large: 0, basket_to_week: 0 }\n";
  writeFileSync(path.join(root, "definitions/model.yaml"), model);
  writeFileSync(path.join(root, "model.onnx"), tinyOnnx(weights));
  expect(skewproof(root, ["model", "import", "model.onnx", "--model", "returns"])).toMatchObject({ status: 0 });
  expect(skewproof(root, ["materialize", "--until", "2026-01-10T00:00:00Z"])).toMatchObject({ status: 0 });
  sidecar = await serve(root, ["--replay"]);
  token = readFileSync(sidecar.token_file, "utf8").trim();
});
afterAll(async () => {
  await sidecar.stop();
});

async function post(
  route: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: Record<string, unknown> }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const reply = await fetch(`${sidecar.url}${route}`, {
    method: "POST",
    body: text,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
  });
  return { status: reply.status, json: (await reply.json()) as Record<string, unknown> };
}
const get = (route: string): Promise<Response> =>
  fetch(`${sidecar.url}${route}`, { headers: { authorization: `Bearer ${token}` } });
const at = "2026-01-10T00:00:00Z";
const entities = [{ customer_id: 2 }];
const request = [{ basket_value: 50 }];

describe("predict", () => {
  it("looks features up, computes those on demand, runs the model, and logs what it served", async () => {
    const { status, json } = await post("/v1/models/returns/predict", { entities, request, options: { at, features: true } });
    expect(status).toBe(200);
    const [prediction] = json["predictions"] as {
      value: number;
      features: Record<string, number>;
      statuses: Record<string, string>;
    }[];
    expect(prediction?.features).toEqual({
      orders_7d: 1,
      spent_7d: 60.25,
      last_amount: 60.25,
      last_was_large: false,
      basket_to_week: 50 / 60.25,
    });
    const sum = [1, 60.25, 60.25, 0, 50 / 60.25].reduce((total, value, index) => total + value * (weights[index] ?? 0), 0);
    expect(prediction?.value).toBeCloseTo(1 / (1 + Math.exp(-sum)), 6);
    expect(prediction?.statuses["spent_7d"]).toBe("PRESENT");
  });

  it("answers an unknown key with nulls and statuses", async () => {
    const { json } = await post("/v1/features/shop", { entities: [{ customer_id: 99 }], request, options: { at } });
    expect(json["rows"]).toEqual([
      {
        values: [0, null, null, null, null],
        statuses: ["PRESENT", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NULL_VALUE"],
        event_times: [null, null, null, null, null],
      },
    ]);
  });

  it("takes an int64 key as number or text", async () => {
    const one = await post("/v1/features/shop", { entities: [{ customer_id: "2" }], request, options: { at } });
    const other = await post("/v1/features/shop", { entities, request, options: { at } });
    expect(one.json["rows"]).toEqual(other.json["rows"]);
  });

  it.each([
    ["a missing key", { entities: [{}], request }, 422, /entities\[0\]\.customer_id is missing/],
    [
      "a key of the wrong type",
      { entities: [{ customer_id: "two" }], request },
      422,
      /entities\[0\]\.customer_id: "two" is not a int64/,
    ],
    ["a missing request column", { entities }, 422, /request\[0\]\.basket_value is missing/],
    ["rows that do not go together", { entities, request: [] }, 422, /request has 0 rows and entities 1/],
    ["no entities", { entities: [] }, 422, /entities/],
    ["broken JSON", "{", 422, /could not be read/],
    ["a wrong moment", { entities, request, options: { at: "noon" } }, 422, /options\.at: noon is not a moment/],
  ])("%s", async (_, body, status, message) => {
    const answer = await post("/v1/models/returns/predict", body);
    expect(answer.status).toBe(status);
    expect(answer.json["error"]).toMatch(message);
  });

  it("401 without a token, 404 for an unknown model, 413 for too much", async () => {
    expect((await post("/v1/models/returns/predict", {}, { authorization: "Bearer wrong" })).status).toBe(401);
    const unknown = await post("/v1/models/retruns/predict", { entities, request });
    expect(unknown.status).toBe(404);
    expect(unknown.json["error"]).toContain("Did you mean returns?");
    expect(await statusOfLength(9 * 1024 * 1024)).toBe(413);
    expect((await fetch(`${sidecar.url}/healthz`)).status).toBe(200);
  });
});

describe("Open Inference Protocol", () => {
  it("describes and runs the model", async () => {
    expect(await (await get("/v2/models/returns")).json()).toMatchObject({
      name: "returns",
      inputs: [{ name: "features", datatype: "FP32", shape: [-1, 5] }],
    });
    const { status, json } = await post("/v2/models/returns/infer", {
      id: "7",
      inputs: [{ name: "features", datatype: "FP32", shape: [1, 5], data: [[0, 0, 0, 0, 0]] }],
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: "7",
      model_name: "returns",
      outputs: [{ name: "score", datatype: "FP32", shape: [1, 1], data: [0.5] }],
    });
    const wrong = await post("/v2/models/returns/infer", {
      inputs: [{ name: "features", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] }],
    });
    expect(wrong).toMatchObject({ status: 422, json: { error: "inputs: features has the shape [N, 5], not [1, 4]." } });
  });

  it("serves metrics, OpenAPI and a page", async () => {
    expect(await (await get("/metrics")).text()).toMatch(/skewproof_stage_seconds_count\{stage="inference"\} [1-9]/);
    expect(await (await get("/openapi.json")).json()).toHaveProperty("paths");
    expect(await (await get("/")).text()).toContain("returns");
  });
});

describe("the proof", () => {
  it("finds predictions and features served equal to training, and a value that was changed", () => {
    const folder = path.join(root, ".skewproof/log/shop");
    const equal = skewproof(root, ["skew", "--service", "shop", "--json"]);
    expect(JSON.parse(equal.stdout)).toMatchObject({ compared: 4, equal: 4, different: 0, causes: {} });
    expect(equal.status).toBe(0);
    const forged = path.join(root, "forged/shop");
    mkdirSync(forged, { recursive: true });
    const tail = readdirSync(folder).find((name) => name.endsWith(".ndjson")) ?? "";
    const text = readFileSync(path.join(folder, tail), "utf8");
    writeFileSync(path.join(forged, tail), text.replace('"c8":60.25', '"c8":61'));
    const outcome = skewproof(root, ["skew", "--service", "shop", "--log", "forged", "--json"]);
    expect(outcome.status).toBe(1);
    const report = JSON.parse(outcome.stdout) as SkewReport;
    // Nothing that could really have happened explains it, and skew does not pretend that something does.
    expect(report).toMatchObject({ compared: 4, different: 1, causes: { unexplained: 1 } });
    expect(report.features.find(({ different }) => different > 0)).toMatchObject({
      feature: "spent_7d",
      examples: [{ served: 61, recomputed: 60.25, cause: "unexplained" }],
    });
    expect(report.rows[0]).toMatchObject({ model: "returns", version: "1", served: { orders_7d: 1, spent_7d: 61 } });
  });

  it("says so when nothing was served", () => {
    const outcome = skewproof(newProject(), ["skew", "--service", "shop"]);
    expect(outcome.status).toBe(3);
    expect(outcome.stderr).toMatch(/Nothing was served from shop yet/);
  });
});

describe("what can go wrong around it", () => {
  it("a port in use", async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) =>
      blocker.listen(0, "127.0.0.1", () => {
        const address = blocker.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      }),
    );
    const outcome = skewproof(root, ["serve", "--port", String(port)]);
    blocker.close();
    expect(outcome.status).toBe(3);
    expect(outcome.stderr).toContain(`Port ${port} is in use`);
  });

  it("a file that is no ONNX model", () => {
    writeFileSync(path.join(root, "wrong.onnx"), "this is no model");
    const outcome = skewproof(root, ["model", "import", "wrong.onnx", "--model", "returns"]);
    expect(outcome.status).toBe(3);
    expect(outcome.stderr).toMatch(/wrong\.onnx is not an ONNX model that can be loaded/);
    expect(existsSync(path.join(root, ".skewproof/models/returns/2"))).toBe(false);
  });

  it("a model that the features do not feed", () => {
    writeFileSync(path.join(root, "narrow.onnx"), tinyOnnx([1, 2]));
    const outcome = skewproof(root, ["model", "import", "narrow.onnx", "--model", "returns"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/takes 2 columns, but the service shop has 5 features/);
  });

  it("a bundle that was tampered with", () => {
    const copy = newProject();
    for (const file of ["definitions/model.yaml", "model.onnx"])
      writeFileSync(path.join(copy, file), readFileSync(path.join(root, file)));
    expect(skewproof(copy, ["model", "import", "model.onnx", "--model", "returns"]).status).toBe(0);
    expect(skewproof(copy, ["materialize"]).status).toBe(0);
    writeFileSync(path.join(copy, ".skewproof/models/returns/1/model.onnx"), tinyOnnx([9, 9, 9, 9, 9]));
    const outcome = skewproof(copy, ["serve", "--bundle", "returns@1", "--port", "0"]);
    expect(outcome.status).toBe(3);
    expect(outcome.stderr).toMatch(/is not the file that was registered: its SHA-256 differs/);
  });

  it("another host without a token, and options.at without --replay", async () => {
    expect(skewproof(root, ["serve", "--host", "0.0.0.0", "--port", "0"])).toMatchObject({ status: 2 });
    const live = await serve(root, []);
    const reply = await fetch(`${live.url}/v1/models/returns/predict`, {
      method: "POST",
      body: JSON.stringify({ entities, request, options: { at } }),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
    expect(reply.status).toBe(422);
    expect(await live.stop()).toBe(0);
  });

  it("a model repository in Triton's layout, without a project", async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "tiny/3"), { recursive: true });
    writeFileSync(path.join(folder, "tiny/3/model.onnx"), tinyOnnx([1]));
    const plain = await serve(folder, ["--model-repository", "."]);
    const headers = {
      authorization: `Bearer ${readFileSync(plain.token_file, "utf8").trim()}`,
      "content-type": "application/json",
    };
    const reply = await fetch(`${plain.url}/v2/models/tiny/versions/3/infer`, {
      method: "POST",
      headers,
      body: JSON.stringify({ inputs: [{ name: "features", datatype: "FP32", shape: [2, 1], data: [0, 0] }] }),
    });
    expect(await reply.json()).toMatchObject({ model_version: "3", outputs: [{ data: [0.5, 0.5] }] });
    expect(await plain.stop()).toBe(0);
  });
});

describe("deploy", () => {
  it("starts a sidecar, switches it to a new version, rolls back, and says what runs", async () => {
    const project = newProject();
    for (const file of ["definitions/model.yaml", "model.onnx"])
      writeFileSync(path.join(project, file), readFileSync(path.join(root, file)));
    const settings = path.join(project, "skewproof.yaml");
    writeFileSync(settings, readFileSync(settings, "utf8").replace("port: 8480", "port: 0"));
    const run = (...args: string[]): ReturnType<typeof skewproof> => skewproof(project, args);
    expect(run("materialize", "--until", at).status).toBe(0);
    expect(run("deploy", "returns", "--to", "local")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("No version of the model returns is registered") as string,
    });
    expect(run("model", "import", "model.onnx", "--model", "returns").status).toBe(0);
    expect(run("deploy", "returns", "--to", "nowhere").stderr).toContain("There is no target nowhere");
    const first = JSON.parse(run("deploy", "returns", "--to", "local", "--json").stdout) as {
      url: string;
      pid: number;
      token_file: string;
    };
    try {
      const served = async (): Promise<unknown> => {
        const headers = {
          authorization: `Bearer ${readFileSync(first.token_file, "utf8").trim()}`,
          "content-type": "application/json",
        };
        const reply = await fetch(`${first.url}/v1/models/returns/predict`, {
          method: "POST",
          headers,
          body: JSON.stringify({ entities, request }),
        });
        return ((await reply.json()) as { version: string }).version;
      };
      expect(await served()).toBe("1");
      expect(run("model", "import", "model.onnx", "--model", "returns").status).toBe(0);
      expect(JSON.parse(run("deploy", "returns@2", "--to", "local", "--json").stdout)).toMatchObject({
        pid: first.pid,
        models: { returns: "2" },
      });
      expect(await served()).toBe("2");
      writeFileSync(path.join(project, ".skewproof/models/returns/2/model.onnx"), "damaged");
      expect(run("deploy", "returns@2", "--to", "local").status).toBe(3);
      expect(run("rollback", "returns", "--to", "local").status).toBe(0);
      expect(await served()).toBe("1");
      expect(run("status", "local").stdout).toContain("local: returns@1 at ");
    } finally {
      process.kill(first.pid, "SIGTERM");
    }
  });
});

/** The answer to a request that announces so many bytes; it is refused before they are sent. */
function statusOfLength(bytes: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": bytes };
    const call = httpRequest(`${sidecar.url}/v1/models/returns/predict`, { method: "POST", headers }, (reply) => {
      resolve(reply.statusCode);
      call.destroy();
    });
    call.once("error", reject);
    call.flushHeaders();
  });
}
