import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { canonicalJson } from "../../runs/canonical-json.js";
import { digestText } from "../../runs/node/digest.js";
import { loadEdited, registerReturns, writeShop } from "../testing/edited-project.js";
import { applyProject, planProject } from "./apply-project.js";
import type { LoadedProject } from "./load-project.js";
import { withLock } from "../../processes/node/with-lock.js";
import { findApplied, readAudit, registryFolder } from "./registry-store.js";

const ann = { name: "ann@example.com", from: "option" } as const;
const now = new Date("2026-02-01T00:00:00Z");
const options = { by: ann, approvals: [], now };

let root: string;
beforeEach(() => {
  root = writeShop();
});
const log = (): string => path.join(registryFolder(root), "audit.ndjson");

/** Three applies, each of another ttl. */
async function applyThrice(): Promise<void> {
  for (const ttl of ["10d", "20d", "40d"]) await applyProject(await loadEdited(root, ["ttl: 30d", `ttl: ${ttl}`]), options);
}

describe("apply", () => {
  it("records who, when and what, and chains the entries by the hash of the one before", async () => {
    await applyThrice();
    const lines = readFileSync(log(), "utf8").trimEnd().split("\n");
    const entries = readAudit(root);
    expect(entries.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(entries[2]).toMatchObject({
      at: "2026-02-01T00:00:00.000Z",
      by: "ann@example.com",
      previous_digest: entries[1]?.digest,
    });
    expect(entries.map(({ previous }) => previous)).toEqual([null, ...lines.slice(0, 2).map(digestText)]);
    for (const { digest } of entries)
      expect(digestText(readFileSync(path.join(registryFolder(root), `${digest}.json`), "utf8"))).toBe(digest);
  });

  it("leaves no lock and no temporary file behind, and does not record the same again", async () => {
    await applyThrice();
    const again = await applyProject(await loadEdited(root, ["ttl: 30d", "ttl: 40d"]), options);
    expect(again.entry).toBeNull();
    expect(readdirSync(registryFolder(root)).sort()).toEqual(
      [...readAudit(root).map(({ digest }) => `${digest}.json`), "audit.ndjson"].sort(),
    );
  });

  it("lets an earlier digest be compared with, by a prefix of it or of the definitions' digest", async () => {
    await applyThrice();
    const [first] = readAudit(root);
    const loaded = await loadEdited(root, ["ttl: 30d", "ttl: 40d"]);
    expect(planProject(loaded).changes).toEqual([]);
    for (const prefix of [first?.digest.slice(0, 8), first?.definitions.slice(0, 8)])
      expect(planProject(loaded, prefix).changes[0]?.details).toEqual([{ what: "ttl", from: "10d", to: "40d", impact: "risky" }]);
    expect(() => findApplied(root, "zz")).toThrow(/No applied digest begins with zz/);
  });

  it("takes applies at once one after the other: the chain never forks", async () => {
    const loaded: LoadedProject[] = [];
    for (let ttl = 1; ttl <= 8; ttl++) loaded.push(await loadEdited(root, ["ttl: 30d", `ttl: ${ttl}d`]));
    await Promise.all(loaded.map((one) => applyProject(one, options)));
    expect(readAudit(root)).toHaveLength(8);
  });

  it("takes over the lock of a process that has ended, and waits for one that lives", async () => {
    await applyThrice();
    const lock = path.join(registryFolder(root), "lock");
    writeFileSync(lock, `999999999 on ${hostname()}`);
    expect(await withLock(lock, "apply", () => Promise.resolve(readFileSync(lock, "utf8")))).toBe(
      `${process.pid} on ${hostname()}`,
    );
    expect(existsSync(lock)).toBe(false);
    const order: string[] = [];
    await Promise.all(
      ["first", "second"].map((name) =>
        withLock(lock, "apply", async () => {
          order.push(`${name} in`);
          await new Promise((resolve) => setTimeout(resolve, 60));
          order.push(`${name} out`);
        }),
      ),
    );
    expect(order).toEqual(["first in", "first out", "second in", "second out"]);
  });
});

describe("approvals", () => {
  beforeEach(async () => {
    const loaded = await loadEdited(root);
    registerReturns(root, loaded.project.digest);
    await applyProject(loaded, options);
  });
  const breaking = () => loadEdited(root, ["window: 1d }\n---", "window: 2d }\n---"]);

  it("a breaking change is refused without the owners of what changes and of what it breaks", async () => {
    await expect(applyProject(await breaking(), { ...options, approvals: ["crm@example.com"] })).rejects.toThrow(
      /need their approval: risk@example\.com, web@example\.com\. .*Nothing was applied\./,
    );
    expect(readAudit(root)).toHaveLength(1);
  });

  it("whoever applies approves what they own", async () => {
    const approvals = ["crm@example.com", "web@example.com"];
    const { entry } = await applyProject(await breaking(), { now, approvals, by: { name: "risk@example.com", from: "git" } });
    expect(entry).toMatchObject({ approvals: [...approvals, "risk@example.com"].sort(), changes: { breaking: 1 } });
  });

  it("an owner is not replaced without their word, so that nothing of theirs is broken after it", async () => {
    const loaded = await loadEdited(root, ["owner: risk@example.com", "owner: ann@example.com"]);
    await expect(applyProject(loaded, options)).rejects.toThrow(/need their approval: risk@example\.com/);
  });
});

describe("a log that was touched", () => {
  beforeEach(applyThrice);
  const rewrite = (change: (lines: string[]) => string[]): void =>
    writeFileSync(log(), `${change(readFileSync(log(), "utf8").trimEnd().split("\n")).join("\n")}\n`);

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    [
      "an entry edited",
      ([a = "", ...rest]) => [a.replace("ann@", "bob@"), ...rest],
      /line 2: it does not follow the entry before it/,
    ],
    ["an entry removed", ([a = "", , c = ""]) => [a, c], /line 2: it does not follow/],
    ["the first removed", (lines) => lines.slice(1), /line 1: it does not follow/],
    ["two exchanged", ([a = "", b = "", c = ""]) => [b, a, c], /line 1: it does not follow/],
    ["a line that is none", ([a = "", , c = ""]) => [a, "{", c], /line 2: it is not an entry/],
    [
      "an entry edited, and written with other spacing",
      ([a = "", b = "", c = ""]) => [a, JSON.stringify(JSON.parse(b), undefined, 1).replaceAll("\n", ""), c],
      /line 2: it is not an entry in canonical JSON/,
    ],
  ])("%s is told with its line, and nothing is applied", async (_, change, message) => {
    rewrite(change);
    await expect(applyProject(await loadEdited(root), options)).rejects.toThrow(message);
  });

  it("a last line that a crash cut short was never acknowledged: the next apply follows the one before it", async () => {
    const whole = readFileSync(log(), "utf8");
    appendFileSync(log(), canonicalJson({ format: 1, number: 4 }).slice(0, 9));
    expect(readAudit(root)).toHaveLength(3);
    await applyProject(await loadEdited(root), options);
    expect(readFileSync(log(), "utf8").startsWith(whole)).toBe(true);
    expect(readAudit(root)).toHaveLength(4);
  });

  it("a snapshot that is gone or was edited", async () => {
    const file = path.join(registryFolder(root), `${readAudit(root).at(-1)?.digest ?? ""}.json`);
    writeFileSync(file, readFileSync(file, "utf8").replace("40d", "50d"));
    await expect(applyProject(await loadEdited(root), options)).rejects.toThrow(/is not what was applied: its SHA-256 differs/);
    rmSync(file);
    await expect(applyProject(await loadEdited(root), options)).rejects.toThrow(/is gone: the audit log names it/);
  });
});
