import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { runConsoleBlocks } from "../tools/console-blocks.js";
import { newProject, repository, skewproof } from "./command-line.js";
import { tinyOnnx } from "./tiny-onnx.js";

const command = path.join(repository, "core/bin/skewproof.mjs");

let root: string;
beforeEach(() => {
  root = newProject();
});
const definitions = (): string => path.join(root, "definitions/shop.yaml");
const edit = (from: string, to: string): void => {
  const text = readFileSync(definitions(), "utf8");
  expect(text).toContain(from);
  writeFileSync(definitions(), text.replace(from, to));
};

/** Moments, digests and the project's folder differ from run to run. */
const settled = (text: string): string =>
  text
    .replaceAll(`${root}/`, "")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/\b[0-9a-f]{12}\b/g, "DIGEST")
    .trim();

it("docs/registry.md says what the commands say", () => {
  const steps = runConsoleBlocks("docs/registry.md", root);
  expect(steps.length).toBeGreaterThan(7);
  for (const { command, expected, printed } of steps) expect(settled(printed), command).toBe(settled(expected));
});

describe("check, list and show", () => {
  it.each([
    [["check", "--format", "xml"], 2, /Allowed choices are text, json, sarif/],
    [["list", "wievs"], 2, /wievs is no kind of definition\. Kinds: entities, sources, views/],
    [["show", "customer_orders.spent7d"], 2, /Did you mean customer_orders\.spent_7d\?/],
    [["show"], 2, /missing required argument 'reference'/],
    [["apply", "--approve"], 2, /argument missing/],
  ])("%j is answered with what to do", (args, status, message) => {
    const outcome = skewproof(root, args);
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toMatch(message);
  });

  it.each(["check", "list", "show", "plan", "apply"])("%s --help has an example", (name) => {
    expect(skewproof(root, [name, "--help"]).stdout).toMatch(new RegExp(`Examples?:\n {2}skewproof ${name}`));
  });

  it("the data is read again when its file has changed, and not before", () => {
    const read = (): string => readFileSync(path.join(root, ".skewproof/schemas.json"), "utf8");
    expect(skewproof(root, ["check"]).status).toBe(0);
    const before = read();
    expect(skewproof(root, ["check"]).status).toBe(0);
    expect(read()).toBe(before);
    writeFileSync(path.join(root, "data/orders.csv"), "customer_id,ordered_at,total\n1,2026-01-01 09:00:00,20.5\n");
    expect(skewproof(root, ["check"]).stdout).toContain("There is no column amount");
    writeFileSync(path.join(root, "data/orders.csv"), "customer_id,ordered_at,amount\n1,2026-01-01 09:00:00,20.5\n");
    expect(skewproof(root, ["check"]).stdout).toContain("warning window-beyond-history");
  });
});

describe("plan and apply", () => {
  it("give JSON, and the exit statuses of contracts §5", () => {
    expect(JSON.parse(skewproof(root, ["plan", "--json"]).stdout)).toMatchObject({ against: null, breaking: 0, approvals: [] });
    const applied = JSON.parse(skewproof(root, ["apply", "--json", "--by", "ann"]).stdout) as { digest: string };
    expect(applied).toMatchObject({ applied: true, number: 1, by: "ann", by_from: "option", previous: null });
    expect(JSON.parse(skewproof(root, ["apply", "--json"]).stdout)).toEqual({ applied: false, digest: applied.digest });
    edit("type: float64, aggregate: sum(amount)", "type: int64, aggregate: count(amount)");
    const breaking = skewproof(root, ["plan", "--json", "--against", applied.digest.slice(0, 6)]);
    expect(breaking.status).toBe(1);
    const plan = JSON.parse(breaking.stdout) as { changes: object[] };
    expect(plan).toMatchObject({ against: { digest: applied.digest, by: "ann" }, breaking: 1 });
    expect(plan.changes[0]).toMatchObject({
      id: "feature customer_orders.spent_7d",
      breaks: ["feature basket.basket_to_week", "service shop"],
    });
    expect(skewproof(root, ["apply"]).status).toBe(1);
    expect(skewproof(root, ["plan", "--against", "none"])).toMatchObject({ status: 2 });
    edit("count(amount)", "count(amuont)");
    for (const name of ["plan", "apply"]) {
      const refused = skewproof(root, [name]);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain("There is no column amuont");
    }
  });

  it("eight at once: every one is recorded, one after the other, or finds it done", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const folder = path.join(root, `copy${index}`);
        // One registry, eight checkouts that differ.
        mkdirSync(folder);
        spawnSync("cp", ["-r", "skewproof.yaml", "data", "definitions", folder], { cwd: root });
        mkdirSync(path.join(root, ".skewproof/registry"), { recursive: true });
        mkdirSync(path.join(folder, ".skewproof"));
        spawnSync("ln", ["-s", path.join(root, ".skewproof/registry"), path.join(folder, ".skewproof/registry")]);
        const file = path.join(folder, "definitions/shop.yaml");
        writeFileSync(file, readFileSync(file, "utf8").replace("ttl: 30d", `ttl: ${index + 1}d`));
        return new Promise<number | null>((resolve) =>
          spawn(process.execPath, [command, "apply", "--by", `user${index}`], { cwd: folder, stdio: "ignore" }).once(
            "exit",
            resolve,
          ),
        );
      }),
    );
    expect(outcomes).toEqual(Array.from({ length: 8 }, () => 0));
    expect(readFileSync(path.join(root, ".skewproof/registry/audit.ndjson"), "utf8").trimEnd().split("\n")).toHaveLength(8);
    // The chain holds, or plan would say where it does not.
    expect(skewproof(root, ["plan", "--json"]).status).toBe(0);
  });

  it("a registered model version makes another meaning breaking, and check tells of it", () => {
    writeFileSync(
      definitions(),
      `${readFileSync(definitions(), "utf8")}---\nkind: feature_service\nname: spend\nfeatures: [customer_orders]\nowner: you@example.com\n---\nkind: model\nname: spend\nservice: spend\ntask: regression\noutput: { name: score }\nowner: risk@example.com\n`,
    );
    writeFileSync(path.join(root, "spend.onnx"), tinyOnnx([0.1, 0.2]));
    const imported = skewproof(root, ["model", "import", "spend.onnx", "--model", "spend"]);
    expect(imported.stderr).toBe("");
    expect(skewproof(root, ["apply", "--by", "ann"]).status).toBe(0);
    expect(skewproof(root, ["show", "spend@1"]).stdout).toMatch(/Made of\n +column +orders\.amount/);
    expect(skewproof(root, ["show", "orders.amount"]).stdout).toMatch(/version +spend@1/);
    edit("sum(amount), window: 7d", "sum(amount), window: 3d");
    const plan = skewproof(root, ["plan"]);
    expect(plan.status).toBe(1);
    expect(plan.stdout).toMatch(/Breaking\n {2}~ feature customer_orders\.spent_7d[\s\S]*version spend@1/);
    expect(skewproof(root, ["check"]).stdout).toMatch(
      /warning breaks-model: spend@1 was trained on another meaning of spent_7d: feature customer_orders\.spent_7d changed since/,
    );
    const refused = skewproof(root, ["apply", "--by", "ann", "--approve", "you@example.com"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("need their approval: risk@example.com");
  });
});
