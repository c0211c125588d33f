import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { unanswered } from "skewproof/online/key-value-store";
import { openLmdbKeyValueStore } from "skewproof/online/node/lmdb-key-value-store";
import { beforeAll, describe, expect, it } from "vitest";

import { temporaryFolder } from "../process/command-line.js";
import { childProgram, open, reading, writing } from "./store-under-test.js";

const file = "online.2.lmdb";
const program = path.join(import.meta.dirname, "damaged-files-process.mjs");
const whole = { wrong: 0, listed: 400, record: "5" };

interface Outcome {
  readonly code?: string;
  readonly message?: string;
  readonly wrong?: number;
}

/** Opens and uses the stores of these files in a process of its own, which native code could end. */
function openAll(mode: "read" | "write", files: readonly Buffer[]): readonly Outcome[] {
  const root = temporaryFolder();
  const folders = files.map((content, at) => {
    const folder = path.join(root, String(at));
    mkdirSync(folder);
    writeFileSync(path.join(folder, file), content);
    return folder;
  });
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, [program, mode, ...folders], { encoding: "utf8" });
  expect({ signal, status, stderr }).toEqual({ signal: null, status: 0, stderr: "" });
  const outcomes = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Outcome);
  for (const [at, { code, message }] of outcomes.entries())
    if (code !== undefined) {
      expect(code).toBe("failed");
      expect(message).toContain(path.join(folders[at] ?? "", file));
      expect(message).toContain("skewproof materialize --full");
    }
  return outcomes;
}

describe("the LMDB store's file", () => {
  let content: Buffer;
  beforeAll(async () => {
    const folder = temporaryFolder();
    const store = openLmdbKeyValueStore(folder, { readOnly: false });
    // Several transactions, so that there are free pages and an older snapshot.
    for (let round = 1; round <= 5; round++)
      await store.write(
        "space",
        Array.from({ length: 400 }, (_, at) => writing(`key ${at}`, { "": String(at), part: "p".repeat((at * 37) % 6000) })),
        { project: "shop", view: "orders", lastUsed: BigInt(round) },
      );
    await store.close();
    content = readFileSync(path.join(folder, file));
  });

  it("is read and written as it stands", () => {
    expect(openAll("read", [content])).toEqual([whole]);
    expect(openAll("write", [content])).toEqual([whole]);
  });

  it("that is another program's, or none, or empty is refused and ends no process", () => {
    const foreign = [
      Buffer.from("SQLite format 3\u0000".repeat(5000)),
      Buffer.alloc(50_000),
      content.subarray(0, 100),
      Buffer.from("x"),
    ];
    expect(openAll("read", foreign).map(({ code }) => code)).toEqual(foreign.map(() => "failed"));
    expect(openAll("write", foreign).map(({ code }) => code)).toEqual(foreign.map(() => "failed"));
  });

  it("that was cut off is refused, wherever it was cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(content.length - 40_000), { minLength: 15, maxLength: 15 }),
        fc.constantFrom("read" as const, "write" as const),
        (sizes, mode) => {
          const cut = [4096, 8192, 12_288, ...sizes.filter((size) => size > 0)].map((size) => content.subarray(0, size));
          expect(openAll(mode, cut).map(({ code }) => code)).toEqual(cut.map(() => "failed"));
        },
      ),
      { numRuns: 2 },
    );
  });

  it("with a flipped bit is refused, or gives all that was written", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(8 * content.length - 1), fc.nat(8 * 8192 - 1)), { minLength: 25, maxLength: 25 }),
        fc.constantFrom("read" as const, "write" as const),
        (bits, mode) => {
          const damaged = bits.map((bit) => {
            const copy = Buffer.from(content);
            copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
            return copy;
          });
          for (const outcome of openAll(mode, damaged))
            if (outcome.code === undefined) expect(outcome).toEqual(whole);
            else refused++;
        },
      ),
      { numRuns: 3 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it("with pages of noise is refused, or gives all that was written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(content.length - 20_000), fc.uint8Array({ minLength: 200, maxLength: 9000 })), {
          minLength: 20,
          maxLength: 20,
        }),
        (damages) => {
          const damaged = damages.map(([at, noise]) =>
            Buffer.concat([content.subarray(0, at), noise, content.subarray(at + noise.length)]),
          );
          for (const outcome of openAll("write", damaged)) if (outcome.code === undefined) expect(outcome).toEqual(whole);
        },
      ),
      { numRuns: 2 },
    );
  });

  it("that is not there yet is `missing` to a reader, and made by a writer", async () => {
    const root = temporaryFolder();
    await expect(open(root, { store: "lmdb" }, true)).rejects.toMatchObject({
      code: "missing",
      message: expect.stringContaining("skewproof materialize") as string,
    });
    const store = await open(root, { store: "lmdb", path: "elsewhere" });
    await store.write("space", [writing("k", { "": "v" })]);
    await store.close();
    const reader = await open(root, { store: "lmdb", path: "elsewhere" }, true);
    expect(await reader.read([reading("space", "k", "")])).toEqual([["v"]]);
    await reader.close();
  });

  it("is opened while another process writes it, as often as one likes", async () => {
    const root = temporaryFolder();
    const child = spawn(process.execPath, [childProgram, JSON.stringify({ store: "lmdb" }), root, "space", "1000000", "add"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    let last = 0;
    for (let round = 0; round < 60; round++) {
      const reader = await open(root, { store: "lmdb" }, true);
      const [pair] = await reader.read([reading("space", "key 3", "", "copy")]);
      const [head, copy] = pair === undefined || pair === unanswered ? [] : pair;
      expect(copy).toBe(head);
      expect(Number(head)).toBeGreaterThanOrEqual(last);
      last = Number(head);
      await reader.close();
    }
    expect(last).toBeGreaterThan(2);
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  it("is written on until no room is left: the write fails, and what stood stands", async () => {
    const root = temporaryFolder();
    const command = `ulimit -f 4000; exec "$0" "$@"`;
    const args = [process.execPath, childProgram, JSON.stringify({ store: "lmdb" }), root, "space", "1000", "grow"];
    const { status, signal, stdout, stderr } = spawnSync("bash", ["-c", command, ...args], { encoding: "utf8" });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const failure = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { number: number; code: string; message: string };
    expect(failure).toMatchObject({
      code: "failed",
      message: expect.stringContaining("Could not write the online store") as string,
    });
    expect(failure.number).toBeGreaterThan(3);
    const store = await open(root, { store: "lmdb" });
    expect(await store.record("space")).toMatchObject({ streamPosition: BigInt(failure.number - 1) });
    expect(await store.keys("space", 100_000)).toHaveLength(20 * (failure.number - 1));
    await store.write("space", [writing("k", { "": "there is room again" })]);
    await store.close();
  });
});
