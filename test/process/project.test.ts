import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { newProject, skewproof, temporaryFolder } from "./command-line.js";

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
const trainingSet = (...more: string[]): ReturnType<typeof skewproof> =>
  skewproof(root, ["training-set", "--service", "shop", "--labels", "data/labels.csv", "--out", "out.csv", ...more]);

describe("a new project", () => {
  it("checks, makes a training set, materializes and answers", () => {
    expect(skewproof(root, ["check"])).toMatchObject({
      status: 0,
      stdout: "shop: 0 errors, 0 warnings; 3 views, 1 services, 0 models.\n",
    });
    expect(trainingSet().status).toBe(0);
    expect(readFileSync(path.join(root, "out.csv"), "utf8")).toBe(
      [
        "customer_id,event_timestamp,basket_value,returned,orders_7d,spent_7d,last_amount,last_was_large,basket_to_week",
        "1,2026-01-04 00:00:00,35.0,false,2,140.5,120.0,true,0.2491103202846975",
        "2,2026-01-09 00:00:00,80.0,true,2,75.25,60.25,false,1.06312292358804",
        "3,2026-01-09 12:00:00,40.0,false,0,,250.0,true,",
        "4,2026-01-09 12:00:00,10.0,false,0,,,,",
        "",
      ].join("\n"),
    );
    const manifest = JSON.parse(readFileSync(path.join(root, "out.csv.manifest.json"), "utf8")) as {
      rows: number;
      nullShare: Record<string, number>;
    };
    expect(manifest.rows).toBe(4);
    expect(manifest.nullShare["last_amount"]).toBe(0.25);
    expect(skewproof(root, ["materialize", "--until", "2026-01-09T00:00:00Z"]).status).toBe(0);
    const got = skewproof(root, [
      "get",
      "--service",
      "shop",
      "--entity",
      "customer_id=2",
      "--request",
      "basket_value=80",
      "--at",
      "2026-01-09T00:00:00Z",
      "--json",
    ]);
    const { features } = JSON.parse(got.stdout) as { features: { feature: string; value: unknown }[] };
    expect(features.find(({ feature }) => feature === "spent_7d")?.value).toBe(75.25);
  });

  it("is refused where a file of it is already there, and nothing is written", () => {
    const outcome = skewproof(root, ["init", "."]);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(/skewproof\.yaml is already there; nothing was written/);
  });

  it("lists and shows", () => {
    expect(skewproof(root, ["list", "views"]).stdout).toContain("customer_orders");
    expect(skewproof(root, ["show", "customer_orders.spent_7d"]).stdout).toMatch(/reads\s+orders\.amount[\s\S]*services\s+shop/);
    expect(skewproof(root, ["show", "customer_order"]).stderr).toContain("Did you mean customer_orders?");
  });

  it("accepts a comma in an expression inside braces", () => {
    edit(`expression: "basket_value / nullif(spent_7d, 0)"`, "expression: basket_value / nullif(spent_7d, 0)");
    expect(skewproof(root, ["check"]).status).toBe(0);
  });
});

describe("bad input gets a sentence, the place and the way out", () => {
  it("broken YAML", () => {
    edit("kind: source", "kind: [source");
    const outcome = skewproof(root, ["check"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/definitions\/shop\.yaml:\d+:\d+ error invalid-yaml: This is not valid YAML/);
    // The rest of the project is still looked at.
    expect(outcome.stdout).toContain("There is no source orders.");
  });

  it("a YAML alias without its anchor", () => {
    edit("kind: source", "kind: *source");
    const outcome = skewproof(root, ["check"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/error invalid-yaml: This is not valid YAML: Unresolved alias/);
  });

  it("an unknown column, with the nearest one", () => {
    edit("sum(amount)", "sum(amuont)");
    const outcome = skewproof(root, ["check"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(
      /definitions\/shop\.yaml:19:53 error unknown-column: There is no column amuont\. Did you mean amount\?/,
    );
    const refused = trainingSet();
    expect(refused.status).toBe(1);
    expect(existsSync(path.join(root, "out.csv"))).toBe(false);
  });

  it("an unknown key, all findings at once, as JSON and SARIF", () => {
    edit("event_time: ordered_at", "event_tiem: ordered_at");
    edit("type: bool", "type: boolean");
    const outcome = skewproof(root, ["check", "--format", "sarif"]);
    const { runs } = JSON.parse(outcome.stdout) as { runs: { results: { ruleId: string }[] }[] };
    expect(runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(expect.arrayContaining(["unknown-key", "unknown-reference"]));
    expect(JSON.parse(skewproof(root, ["check", "--json"]).stdout)).toHaveProperty("diagnostics");
  });

  it("a missing source file", () => {
    edit("path: data/orders.csv", "path: data/nothing.csv");
    const outcome = skewproof(root, ["check"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/definitions\/shop\.yaml:8:7 error unreadable-source: .*data\/nothing\.csv/);
  });

  it("corrupt Parquet", () => {
    writeFileSync(path.join(root, "data/orders.parquet"), "PAR1 this is no table PAR1");
    edit("path: data/orders.csv", "path: data/orders.parquet");
    const outcome = skewproof(root, ["check"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/unreadable-source: .*orders\.parquet.*damaged/);
  });

  it.each([
    ["a missing labels file", ["--labels", "none.parquet"], 3, /none\.parquet is not there/],
    ["an unknown service", ["--service", "shpo"], 2, /There is no feature service shpo\. Did you mean shop\?/],
    ["an unknown feature", ["--features", "spent7d"], 2, /has no feature spent7d\. Did you mean spent_7d\?/],
    ["an unknown time column", ["--time", "event_time"], 2, /The labels have no column event_time/],
    ["an unknown output format", ["--out", "out.xlsx"], 2, /neither \.parquet, \.csv nor \.arrow/],
  ])("%s", (_, more, status, message) => {
    const outcome = trainingSet(...more);
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toMatch(message);
    expect(readdirSync(root).filter((name) => name.startsWith("out"))).toEqual([]);
  });

  it("a label file that lacks a request column, before anything runs", () => {
    writeFileSync(path.join(root, "data/labels.csv"), "customer_id,event_timestamp\n1,2026-01-04\n");
    const outcome = trainingSet();
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(/no column basket_value, a request column that the on-demand view basket needs/);
  });

  it("no project, and wrong use", () => {
    expect(skewproof(temporaryFolder(), ["check"])).toMatchObject({ status: 2 });
    expect(skewproof(root, ["chekc"])).toMatchObject({ status: 2 });
    expect(skewproof(root, ["materialize", "--until", "yesterday"])).toMatchObject({ status: 2 });
  });
});

describe("eval", () => {
  const evaluate = (...args: string[]): ReturnType<typeof skewproof> =>
    skewproof(root, ["eval", ...args, "--rows", "data/orders.csv"]);

  it("gives the value per row and backend, and says that they agree", () => {
    const outcome = evaluate("case when amount > 100 then round(amount) else null end", "--json");
    expect(outcome.status).toBe(0);
    const evaluation = JSON.parse(outcome.stdout) as { rows: unknown[] };
    expect(evaluation).toMatchObject({ type: "float64", agree: true });
    expect(evaluation.rows).toEqual([null, 120, null, null, 250].map((value) => ({ duckdb: value, javascript: value })));
  });

  it("marks the place of a mistake", () => {
    const outcome = evaluate("amount + amuont");
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain("amount + amuont\n         ^^^^^^\nThere is no column amuont. Did you mean amount?");
    expect(evaluate("amount", "--backend", "spark").status).toBe(2);
  });
});
