import http from "node:http";
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, expect, it } from "vitest";

import { newProject, serve, skewproof, type Serving } from "./command-line.js";

let sidecar: Serving;
let token: string;

beforeAll(async () => {
  const root = newProject();
  expect(skewproof(root, ["materialize"])).toMatchObject({ status: 0 });
  sidecar = await serve(root, []);
  token = readFileSync(sidecar.token_file, "utf8").trim();
});
afterAll(() => sidecar.stop());

interface Answer {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function ask(agent: http.Agent, body: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const request = http.request(`${sidecar.url}/v1/features/shop`, { method: "POST", agent, headers }, (reply) => {
      let text = "";
      reply.on("data", (data: Buffer) => (text += data.toString()));
      reply.once("end", () => {
        resolve({ status: reply.statusCode, retryAfter: reply.headers["retry-after"], body: text });
      });
    });
    request.once("error", reject);
    request.end(body);
  });
}

it("a spike is answered or shed at once, never lost, and leaves the sidecar well", async () => {
  const body = JSON.stringify({
    entities: Array.from({ length: 50 }, (_, id) => ({ customer_id: id })),
    request: Array(50).fill({ basket_value: 1 }),
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const answers: Answer[] = [];
  // Every connection is open when the spike comes.
  for (let round = 0; round < 5; round++)
    answers.push(...(await Promise.all(Array.from({ length: 400 }, () => ask(agent, body)))));
  agent.destroy();
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([200, 503]);
  for (const { status, retryAfter, body: text } of answers) {
    if (status === 200) expect((JSON.parse(text) as { rows: unknown[] }).rows).toHaveLength(50);
    else expect([retryAfter, JSON.parse(text)]).toMatchObject(["1", { code: "unavailable" }]);
  }
  const metrics = await (await fetch(`${sidecar.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  const shed = Number(/^skewproof_shed_requests_total (\d+)$/m.exec(metrics)?.[1]);
  expect(shed).toBe(answers.filter(({ status }) => status === 503).length);
  const after = new http.Agent();
  expect((await ask(after, JSON.stringify({ entities: [{ customer_id: 1 }], request: [{ basket_value: 1 }] }))).status).toBe(200);
});
