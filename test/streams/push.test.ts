import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { openDuckdb } from "skewproof/offline/node/duckdb-session";
import { loadValidProject } from "skewproof/registry/node/load-project";
import { describe, expect, it } from "vitest";

import { newProject, repository, serve, skewproof } from "../process/command-line.js";
import { runConsoleBlocks } from "../tools/console-blocks.js";
import { logged } from "./logged.js";
import { click, streamProject } from "./stream-project.js";

it("docs/streams.md says what the commands say", () => {
  const root = newProject();
  const page = readFileSync(path.join(repository, "docs/streams.md"), "utf8");
  const [, definitions = ""] = /```yaml definitions\/returns\.yaml\n([\s\S]*?)```/.exec(page) ?? [];
  writeFileSync(path.join(root, "definitions/returns.yaml"), definitions);
  const steps = runConsoleBlocks("docs/streams.md", root);
  expect(steps.length).toBeGreaterThan(7);
  const settled = (text: string): string =>
    text
      .replace(/in [\d.]+ s$/m, "in SECONDS")
      .replace(/"moment":"[^"]*"/g, '"moment":"TIME"')
      .replace(/ +$/gm, "")
      .trim();
  for (const { command, expected, printed } of steps) expect(settled(printed), command).toBe(settled(expected));
});

describe("skewproof push", () => {
  const answer = (stdout: string): unknown => JSON.parse(stdout);

  it("reads Parquet, CSV and NDJSON, and stdin; what is no JSON goes to quarantine", async () => {
    const loaded = await streamProject();
    const { root } = loaded;
    const file = (name: string): string => path.join(root, "data", name);
    mkdirSync(path.join(root, "data"));
    {
      await using session = await openDuckdb({ root });
      await session.run(
        `COPY (SELECT 'p' || i AS click_id, i::BIGINT AS customer_id, TIMESTAMP '2026-01-01' + to_minutes(i) AS clicked_at, (i / 4)::DECIMAL(10, 2) AS price, 'home' AS page, [i * 0.5] AS scores FROM range(2500) t(i)) TO '${file("rows.parquet")}'`,
      );
    }
    writeFileSync(
      file("rows.csv"),
      `click_id,customer_id,clicked_at,price,page\n007,9007199254740993,2026-01-01 10:00:00+02:00,1.10,home\nc2,2,2026-01-01,,cart\n`,
    );
    writeFileSync(file("rows.ndjson.gz"), gzipSync([click("n1"), click("n1")].map((row) => `${JSON.stringify(row)}\n`).join("")));
    const push = (...args: string[]) => skewproof(root, ["push", "clicks", "--json", ...args]);
    expect(answer(push("--file", "data/rows.parquet").stdout)).toMatchObject({ accepted: 2500, duplicates: 0, quarantined: 0 });
    expect(push("--file", "data/rows.csv").status).toBe(0);
    expect(answer(push("--file", "data/rows.ndjson.gz").stdout)).toMatchObject({ accepted: 1, duplicates: 1 });
    const { status, stdout } = spawnSync(
      process.execPath,
      [path.join(repository, "core/bin/skewproof.mjs"), "push", "clicks", "--json"],
      {
        cwd: root,
        input: `${JSON.stringify(click("s1"))}\n\n{ torn`,
        encoding: "utf8",
      },
    );
    expect(answer(stdout)).toMatchObject({ accepted: 1, quarantined: 1, reasons: [{ rows: 1 }] });
    expect(status).toBe(1);
    const rows = await logged(loaded);
    expect(rows).toHaveLength(2504);
    expect(rows[2499]).toMatchObject({
      click_id: "p2499",
      customer_id: 2499,
      clicked_at: "2026-01-02T17:39:00Z",
      price: "624.75",
      scores: [1249.5],
    });
    expect(rows[2500]).toMatchObject({
      click_id: "007",
      customer_id: "9007199254740993",
      clicked_at: "2026-01-01T08:00:00Z",
      price: "1.10",
    });
    expect(rows[2501]).toMatchObject({ clicked_at: "2026-01-01T00:00:00Z", price: null });
  });

  it.each([
    [["push", "clikcs"], 3, /There is no source clikcs\. Did you mean clicks\?/],
    [["push", "clicks", "--file", "none.csv"], 3, /none\.csv is not there/],
    [["push", "clicks", "--file", "definitions/all.yaml"], 2, /rows come from \.parquet, \.csv/],
    [["push", "clicks", "--batch", "0"], 2, /number of rows from 1 to 10000/],
    [["consume", "clicks"], 2, /declares no `kafka`/],
  ])("%j is answered with what to do", async (args, status, message) => {
    const outcome = skewproof((await streamProject()).root, args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.status).toBe(status);
  });

  it("what is pushed is in the next training set, and one without news is reused", async () => {
    const { root } = await streamProject((text) => text.replace("known_at: _received_at\n", ""));
    mkdirSync(path.join(root, "data"));
    writeFileSync(
      path.join(root, "data/labels.csv"),
      "customer_id,event_timestamp\n1,2026-01-01 10:30:00\n1,2026-01-01 12:00:00\n2,2026-01-01 12:00:00\n",
    );
    const pushed = (...rows: object[]): void => {
      writeFileSync(path.join(root, "rows.ndjson"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      expect(skewproof(root, ["push", "clicks", "--file", "rows.ndjson"])).toMatchObject({ status: 0 });
    };
    const command = ["training-set", "--service", "shop", "--labels", "data/labels.csv", "--out", "out.parquet"];
    const train = async (): Promise<unknown[]> => {
      const { status, stderr } = skewproof(root, command);
      expect(stderr).toBe("");
      expect(status).toBe(0);
      await using session = await openDuckdb({ root });
      return await session.rows("SELECT page, position, clicks_1h FROM 'out.parquet'");
    };
    expect(await train()).toEqual([
      [null, null, 0n],
      [null, null, 0n],
      [null, null, 0n],
    ]);
    pushed(click(1), click(2, { clicked_at: "2026-01-01T11:30:00Z", page: "cart" }));
    expect(await train()).toEqual([
      ["home", 1n, 1n],
      ["cart", 2n, 1n],
      [null, null, 0n],
    ]);
    pushed(click(3, { customer_id: 2 }), click(4, { clicked_at: "2026-01-01T10:29:00Z", page: "cart" }));
    expect(await train()).toEqual([
      ["cart", 4n, 2n],
      ["cart", 2n, 1n],
      ["home", 3n, 0n],
    ]);
    const manifest = JSON.parse(readFileSync(path.join(root, "out.parquet.manifest.json"), "utf8")) as { sources: unknown };
    expect(manifest.sources).toEqual([{ source: "clicks", files: [], stream: { log: expect.any(String) as string, last: "4" } }]);
    const again = skewproof(root, [...command, "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ reused: true });
    expect(skewproof(root, ["materialize", "--until", "2026-01-02T00:00:00Z"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("last_click: 0 new rows") as string,
    });
  });
});

describe("POST /v1/push/{source}", () => {
  it("answers row by row, and refuses what is no batch; another process pushes meanwhile", async () => {
    const loaded = await streamProject();
    const { root } = loaded;
    expect(skewproof(root, ["materialize"])).toMatchObject({ status: 0 });
    const sidecar = await serve(root, []);
    let taken: readonly number[];
    const token = readFileSync(sidecar.token_file, "utf8").trim();
    const post = async (body: unknown, source = "clicks"): Promise<{ status: number; json: unknown }> => {
      const reply = await fetch(`${sidecar.url}/v1/push/${source}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
      return { status: reply.status, json: await reply.json() };
    };
    try {
      expect(await post({ rows: [click(1), click(1), click(2, { price: "x" })] })).toEqual({
        status: 200,
        json: {
          accepted: 1,
          duplicates: 1,
          quarantined: 1,
          rows: [
            { status: "accepted", position: 1 },
            { status: "duplicate", position: 1 },
            { status: "quarantined", reason: 'price: "x" is not a decimal(18,2).' },
          ],
        },
      });
      expect(await post({ rows: [click(3), 7] })).toEqual({
        status: 422,
        json: { error: "body.rows.1 must be object.", code: "usage" },
      });
      expect(await post({})).toMatchObject({ status: 422 });
      expect(await post({ rows: [] })).toMatchObject({ status: 422 });
      expect(await post({ rows: [click(1)] }, "none")).toMatchObject({ status: 404 });

      // More than may wait: what is refused is refused whole, and says when to come again.
      const spike = await Promise.all(
        Array.from({ length: 20 }, async (_, batch) => {
          const reply = await fetch(`${sidecar.url}/v1/push/clicks`, {
            method: "POST",
            body: JSON.stringify({ rows: Array.from({ length: 10_000 }, (_, id) => ({ ...click(`spike ${batch} ${id}`) })) }),
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          });
          await reply.arrayBuffer();
          return { batch, status: reply.status, again: reply.headers.get("retry-after") };
        }),
      );
      taken = spike.filter(({ status }) => status === 200).map(({ batch }) => batch);
      expect(taken.length).toBeGreaterThan(0);
      expect(spike.filter(({ status }) => status !== 200).map(({ status, again }) => [status, again])).toEqual(
        Array.from({ length: 20 - taken.length }, () => [503, "1"]),
      );
      expect(taken.length).toBeLessThan(20);

      writeFileSync(
        path.join(root, "rows.ndjson"),
        Array.from({ length: 3000 }, (_, id) => `${JSON.stringify(click(id))}\n`).join(""),
      );
      const beside = spawn(
        process.execPath,
        [path.join(repository, "core/bin/skewproof.mjs"), "push", "clicks", "--file", "rows.ndjson", "--batch", "50"],
        { cwd: root, stdio: "ignore" },
      );
      const runs = (): boolean => beside.exitCode === null;
      const ended = new Promise<number | null>((resolve) => beside.once("exit", resolve));
      for (let id = 3000; runs(); id--)
        expect(await post({ rows: [click(id % 3000), click(`own ${id}`)] })).toMatchObject({ status: 200 });
      expect(await ended).toBe(0);
    } finally {
      await sidecar.stop();
    }
    const rows = await logged(loaded);
    const ids = rows.map(({ click_id: id }) => String(id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => /^\d/.test(id))).toHaveLength(3000);
    const spikes = new Set(ids.filter((id) => id.startsWith("spike")).map((id) => Number(id.split(" ")[1])));
    expect([...spikes].sort((a, b) => a - b)).toEqual(taken);
    expect(ids.filter((id) => id.startsWith("spike"))).toHaveLength(taken.length * 10_000);
    expect(rows.map(({ _position: position }) => position)).toEqual(rows.map((_, index) => index + 1));
    expect(existsSync(path.join(root, ".skewproof/quarantine/clicks"))).toBe(true);
    await loadValidProject(root);
  });
});
