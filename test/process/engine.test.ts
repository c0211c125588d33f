import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newProject, repository, skewproof } from "./command-line.js";

interface Address {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}
interface Job {
  readonly id: string;
  readonly state: string;
  readonly result: Record<string, unknown>;
  readonly view: Record<string, unknown> | null;
  readonly error: { message: string; code: string } | null;
}

let root: string;
let address: Address;
const file = (): string => path.join(root, ".skewproof/engine.json");

function ensure(): Promise<Address> {
  const child = spawn(
    process.execPath,
    [path.join(repository, "core/bin/skewproof.mjs"), "engine", "--ensure", "--json", "--project", root],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.on("data", (data: Buffer) => (text += data.toString()));
  return new Promise((resolve, reject) => {
    child.once("exit", (status) => {
      if (status === 0) resolve(JSON.parse(text) as Address);
      else reject(new Error(`engine --ensure ended with ${String(status)}: ${text}`));
    });
  });
}

// The caller names the form that the engine answers in.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
async function call<T>(
  method: string,
  route: string,
  body?: unknown,
  token = address.token,
): Promise<{ status: number; json: T }> {
  const reply = await fetch(`${address.url}/api/${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, json: (await reply.json()) as T };
}

async function run(kind: string, parameters: unknown): Promise<Job> {
  const { status, json } = await call<Job>("POST", "jobs", { kind, parameters });
  expect(status).toBe(202);
  return (await call<Job>("GET", `jobs/${json.id}?wait=30000`)).json;
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${pid} is still there`);
}

beforeAll(async () => {
  root = newProject();
  address = await ensure();
});
afterAll(async () => {
  const { pid } = JSON.parse(readFileSync(file(), "utf8")) as Address;
  process.kill(pid, "SIGTERM");
  await gone(pid);
  expect(existsSync(file())).toBe(false);
});

const labels = {
  sql: "select 2::bigint as customer_id, timestamp '2026-01-10' as event_timestamp, 50.0::double as basket_value from range(3)",
};

describe("engine", () => {
  it("is one per project, however many ask at once, and only its owner can read the token", async () => {
    const found = await Promise.all([ensure(), ensure(), ensure()]);
    expect(found).toEqual([address, address, address]);
    expect(statSync(file()).mode & 0o077).toBe(0);
  });

  it("answers nobody without its token", async () => {
    expect((await call("GET", "status", undefined, "wrong")).status).toBe(401);
    expect((await fetch(`${address.url}/api/status`)).status).toBe(401);
  });

  it("tells of the project, its features and one of them", async () => {
    expect((await call("GET", "status")).json).toMatchObject({ project: "shop", errors: 0, features: 5, jobs: 0 });
    const { json } = await call<{ views: { name: string; features: { name: string }[] }[] }>("GET", "features");
    const [view] = json.views;
    expect(view?.features.length).toBeGreaterThan(0);
    const one = await call("GET", `features/${view?.name ?? ""}/${view?.features[0]?.name ?? ""}`);
    expect(one.json).toMatchObject({ kind: "feature", services: ["shop"], distribution: null });
    const wrong = await call<{ error: string }>("GET", `features/${view?.name ?? ""}/${view?.features[0]?.name ?? ""}x`);
    expect(wrong.status).toBe(422);
    expect(wrong.json.error).toContain("Did you mean");
    expect((await call("GET", "models")).json).toEqual({ version: 1, kind: "models", models: [] });
    expect((await call("GET", "deployments")).status).toBe(200);
  });

  it("runs jobs: a training set, whose distribution the feature then shows, as a picture too", async () => {
    const job = await run("training-set", { service: "shop", labels, out: ".skewproof/training-sets/one.parquet" });
    expect(job).toMatchObject({
      state: "done",
      error: null,
      result: { rows: 3, service: "shop" },
      view: { kind: "training_set" },
    });
    const { json: view } = await call<Record<string, unknown>>("GET", `features/${await viewOf("spent_7d")}/spent_7d`);
    expect(view).toMatchObject({ distribution: { rows: 3, file: ".skewproof/training-sets/one.parquet" } });
    const { json: bundle } = await call<Record<string, string>>("POST", "view-bundle", { view });
    expect(bundle["text/plain"]).toContain("spent_7d");
    expect(bundle["text/html"]).toMatch(/<h4>customer_orders\.spent_7d<\/h4>.*<table>/s);
    expect(
      Buffer.from(bundle["image/png"] ?? "", "base64")
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    const drift = await run("drift", {
      reference: ".skewproof/training-sets/one.parquet",
      current: ".skewproof/training-sets/one.parquet",
    });
    expect(drift).toMatchObject({ state: "done", view: { kind: "drift" } });
  });

  it.each([
    ["an unknown kind", { kind: "trainingset" }, /Did you mean training-set\?/],
    ["a missing parameter", { kind: "skew", parameters: {} }, /skew: parameters.*service/],
    ["no kind", {}, /kind/],
    ["a view of no kind", undefined, /kind/],
  ])("refuses %s with the field's name", async (_, body, message) => {
    const { status, json } = await call<{ error: string; code: string }>(
      "POST",
      body === undefined ? "view-bundle" : "jobs",
      body ?? { view: { version: 1, kind: "party" } },
    );
    expect(status).toBe(422);
    expect(json.error).toMatch(message);
  });

  it("tells why a job failed, and goes on", async () => {
    const job = await run("training-set", { service: "shpo", labels, out: "x.parquet" });
    expect(job).toMatchObject({ state: "failed", error: { code: "usage" } });
    expect(job.error?.message).toContain("Did you mean shop?");
    expect((await run("check", {})).result).toMatchObject({ errors: 0 });
    expect((await call("GET", "jobs/nothing")).status).toBe(404);
  });

  it("cancels a job and leaves nothing half-written", async () => {
    const many = { sql: labels.sql.replace("range(3)", "range(30000000)") };
    const { json } = await call<Job>("POST", "jobs", {
      kind: "training-set",
      parameters: { service: "shop", labels: many, out: "big.parquet" },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await call<Job>("DELETE", `jobs/${json.id}`)).json).toMatchObject({ state: "cancelled" });
    expect(existsSync(path.join(root, "big.parquet"))).toBe(false);
  });

  it("shows a view of hostile names as text", async () => {
    const status = {
      project: "<img src=x onerror=alert(1)>",
      errors: 0,
      warnings: 0,
      views: 0,
      features: 0,
      services: 0,
      models: 0,
      jobs: 0,
    };
    const { json } = await call<Record<string, string>>("POST", "view-bundle", { view: { version: 1, kind: "status", status } });
    expect(json["text/html"]).not.toContain("<img");
  });

  it("killed, is found to be gone and started anew", async () => {
    process.kill(address.pid, "SIGKILL");
    await gone(address.pid);
    expect(existsSync(file())).toBe(true);
    const [one, other] = await Promise.all([ensure(), ensure()]);
    expect(one).toEqual(other);
    expect(one.pid).not.toBe(address.pid);
    address = one;
    expect((await call("GET", "status")).status).toBe(200);
  });

  it("takes a damaged address file for none", async () => {
    process.kill(address.pid, "SIGKILL");
    await gone(address.pid);
    writeFileSync(file(), "{");
    address = await ensure();
    expect((await call("GET", "status")).status).toBe(200);
  });

  it("ends when nobody asks", async () => {
    process.kill(address.pid, "SIGTERM");
    await gone(address.pid);
    expect(skewproof(root, ["engine", "--idle-minutes", "0.02", "--json"])).toMatchObject({ status: 0 });
    expect(existsSync(file())).toBe(false);
    expect(skewproof(root, ["engine", "--idle-minutes", "none"])).toMatchObject({ status: 2 });
    address = await ensure();
  });
});

async function viewOf(feature: string): Promise<string> {
  const { json } = await call<{ views: { name: string; features: { name: string }[] }[] }>("GET", "features");
  return json.views.find(({ features }) => features.some(({ name }) => name === feature))?.name ?? "";
}
