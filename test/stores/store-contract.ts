import { spawn } from "node:child_process";
import { once } from "node:events";

import fc from "fast-check";
import { unanswered, type Bytes, type KeyWork, type OnlineStore, type SpaceRecord } from "skewproof/online/key-value-store";
import type { OnlineSettings } from "skewproof/registry/bound-project";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { adding, bytes, childProgram, countReading, open, reading, text, writing } from "./store-under-test.js";

export interface UnderTest {
  readonly root: string;
  readonly online: OnlineSettings;
}

/** Names that a store could take for something else. */
const hostile = [
  "",
  "a",
  "{",
  "}",
  "{}",
  "a}b{c",
  "#",
  "#a",
  "\u0000",
  "a\u0000",
  "a\u0000b",
  "*",
  "[a-z]*?\\",
  ":",
  "a|b",
  "__proto__",
  "𝒳😀",
  "\ud800",
  "\udfff",
  "\ufffd",
  "\u00e9",
  "e\u0301",
  " ",
  "=copy",
  "x".repeat(10_000),
  `${"x".repeat(10_000)}y`,
  "😀".repeat(2500),
];
const anyName = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary", maxLength: 20 }));

/** What every online store does, whatever it stands on. Each test has spaces of its own. */
export function storeContract(name: string, setUp: () => Promise<UnderTest>): void {
  describe(`the contract of online stores: ${name}`, () => {
    let under: UnderTest;
    let store: OnlineStore;
    beforeAll(async () => {
      under = await setUp();
      store = await open(under.root, under.online);
    });
    afterAll(() => store.close());

    const read = async (space: string, key: string, ...parts: string[]): Promise<readonly (string | undefined)[]> => {
      const [values] = await store.read([reading(space, key, ...parts)]);
      if (values === undefined || values === unanswered) throw new Error("There is no answer.");
      return values;
    };

    it("gives back the parts that were written, and nothing for what was not", async () => {
      const space = "round trip";
      expect(await read(space, "k", "", "a")).toEqual([undefined, undefined]);
      await store.write(space, [writing("k", { "": "head", a: "part a", b: "" })]);
      expect(await read(space, "k", "b", "", "a", "c", "a")).toEqual(["", "head", "part a", undefined, "part a"]);
      await store.write(space, [writing("k", { a: undefined, b: "second" })]);
      expect(await read(space, "k", "", "a", "b")).toEqual(["head", undefined, "second"]);
      await store.write(space, [writing("k", { "": undefined, b: undefined })]);
      expect(await read(space, "k", "", "b")).toEqual([undefined, undefined]);
      expect(await store.keys(space, 10)).toEqual([]);
      expect(await read(space, "other", "")).toEqual([undefined]);
      expect(await store.read([])).toEqual([]);
      await store.write(space, []);
    });

    it("keeps bytes, empty ones and long ones, and what it gave stays as it was", async () => {
      const long = Buffer.alloc(300_000, 7);
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const put = (part: string, value: Uint8Array) => ({
        key: `of ${part}`,
        // eslint-disable-next-line require-yield -- a work may read nothing
        *work() {
          return [{ part: "", value }];
        },
      });
      const get = (part: string) => ({
        space: "bytes",
        key: `of ${part}`,
        *work(): KeyWork<Bytes | undefined> {
          return (yield [""])[0];
        },
      });
      await store.write("bytes", [put("long", long), put("all", all), put("empty", Buffer.alloc(0))]);
      const first = await store.read([get("long"), get("all"), get("empty")]);
      await store.read([get("empty"), get("long"), get("all")]);
      await store.write("bytes", [put("long", Buffer.alloc(300_000, 9)), put("all", Buffer.alloc(256))]);
      await store.read([get("all"), get("long")]);
      expect(
        first.map((value) => (value === unanswered || value === undefined ? value : Buffer.from(value).equals(long))),
      ).toEqual([true, false, false]);
      expect(first.slice(1).map((value) => [...(value as Uint8Array)])).toEqual([[...all], []]);
    });

    it("runs a work as often as it asks, and shows a second writing of a key what its first wrote", async () => {
      await store.write("rounds", [adding("k", 1), adding("k", 2), adding("other", 5), adding("k", 3)]);
      expect(
        await store.read([countReading("rounds", "k"), countReading("rounds", "other"), countReading("rounds", "none")]),
      ).toEqual([
        [6, 6],
        [5, 5],
        [0, 0],
      ]);
    });

    it("writes nothing of a key whose work throws, and throws its error", async () => {
      const error = new Error("of the work");
      const failing = {
        key: "k",
        *work(): KeyWork<never> {
          yield [""];
          throw error;
        },
      };
      await expect(store.write("throwing", [failing], record(1n))).rejects.toBe(error);
      expect(await read("throwing", "k", "")).toEqual([undefined]);
      expect(await store.record("throwing")).toBeUndefined();
      await expect((async () => store.read([{ ...failing, space: "throwing" }]))()).rejects.toBe(error);
    });

    it("keeps any names apart: of spaces, keys and parts", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(anyName, anyName, anyName), {
            minLength: 1,
            maxLength: 25,
            selector: (names) => JSON.stringify(names),
          }),
          fc.string(),
          async (names, run) => {
            const of = (space: string): string => `names ${run} ${space}`;
            const written = new Map<string, string>();
            for (const [space, key, part] of names) {
              const value = JSON.stringify([space, key, part]);
              written.set(value, value);
              await store.write(of(space), [writing(key, { [`p${part}`]: value })]);
            }
            const found = await store.read(names.map(([space, key, part]) => reading(of(space), key, `p${part}`)));
            expect(found).toEqual(names.map((all) => [JSON.stringify(all)]));
            for (const space of new Set(names.map(([first]) => first))) {
              const wanted = new Set(names.filter(([first]) => first === space).map(([, key]) => key));
              await store.write(
                of(space),
                [...wanted].map((key) => writing(key, { "": "head" })),
              );
              expect((await allKeys(store, of(space), 4)).sort()).toEqual([...wanted].sort());
              await store.drop(of(space));
              expect(await store.keys(of(space), 5)).toEqual([]);
            }
          },
        ),
        { numRuns: 12 },
      );
    });

    it("loses no write of many writers at once, and never shows half of one", async () => {
      const others = await Promise.all([open(under.root, under.online), open(under.root, under.online)]);
      const writers = [store, ...others];
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ writer: fc.nat(2), key: fc.nat(2), amount: fc.integer({ min: 1, max: 9 }) }), {
            minLength: 20,
            maxLength: 60,
          }),
          async (additions) => {
            const space = `writers ${run++} ${process.pid}`;
            const state = { writing: true };
            const watching = (async () => {
              while (state.writing)
                for (const [at, pair] of (await store.read([0, 1, 2].map((key) => countReading(space, `k${key}`)))).entries()) {
                  if (pair !== unanswered && pair[0] !== pair[1]) throw new Error(`k${at} was seen with ${pair.join(" and ")}`);
                  await new Promise((resolve) => setImmediate(resolve));
                }
            })();
            await Promise.all(
              additions.map(async ({ writer, key, amount }) => writers[writer]?.write(space, [adding(`k${key}`, amount)])),
            );
            state.writing = false;
            await watching;
            const sums = [0, 1, 2].map((key) => additions.reduce((sum, one) => sum + (one.key === key ? one.amount : 0), 0));
            expect(await store.read([0, 1, 2].map((key) => countReading(space, `k${key}`)))).toEqual(
              sums.map((sum) => [sum, sum]),
            );
          },
        ),
        { numRuns: 6 },
      );
      await Promise.all(others.map((other) => other.close()));
    });

    it("keeps the record of every space", async () => {
      expect(await store.record("records 1")).toBeUndefined();
      await store.write("records 1", [writing("k", { "": "v" })]);
      expect(await store.record("records 1")).toBeUndefined();
      await store.write("records 1", [], record(1n));
      const full: SpaceRecord = {
        ...record(2n),
        materializedUntil: 253_402_300_799_999_999n,
        streamPosition: 9_007_199_254_740_993n,
      };
      await store.write("__proto__", [], full);
      expect(await store.record("records 1")).toEqual(record(1n));
      expect(await store.record("__proto__")).toEqual(full);
      const spaces = await store.spaces();
      expect([spaces.get("records 1"), spaces.get("__proto__")]).toEqual([record(1n), full]);
      await store.drop("records 1");
      expect((await store.spaces()).has("records 1")).toBe(false);
      expect(await store.record("records 1")).toBeUndefined();
    });

    it("drops a space under its readers, leaves the others, and takes it again", async () => {
      const keys = Array.from({ length: 3000 }, (_, at) => `k${at}`);
      const batch = keys.map((key) => adding(key, 5));
      await store.write("dropped", batch, record(1n));
      await store.write("kept", batch, record(1n));
      const state = { dropping: true };
      const seen = new Set<string>();
      const reader = (async () => {
        while (state.dropping) {
          const asked = [7, 77, 777, 2777].flatMap((at) => [countReading("dropped", `k${at}`), countReading("kept", `k${at}`)]);
          for (const [at, pair] of (await store.read(asked)).entries()) seen.add(`${at % 2} ${String(pair)}`);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      await store.drop("dropped");
      state.dropping = false;
      await reader;
      expect([...seen].sort()).toEqual(expect.arrayContaining(["0 5,5", "1 5,5"]));
      for (const one of seen) expect(["0 5,5", "0 0,0", "1 5,5"]).toContain(one);
      expect(await store.keys("dropped", 10)).toEqual([]);
      expect((await allKeys(store, "kept", 700)).sort()).toEqual([...keys].sort());
      await store.write("dropped", [writing("k1", { part: "new" })]);
      expect(await read("dropped", "k1", "", "part")).toEqual([undefined, "new"]);
      await store.drop("dropped");
      await store.drop("never there");
    });

    it("lets nothing of a drop that was broken off into what is written next", async () => {
      const keys = Array.from({ length: 4000 }, (_, at) => `k${at}`);
      await store.write(
        "broken off",
        keys.map((key) => writing(key, { "": "old" })),
        record(1n),
      );
      const breaking = new AbortController();
      const dropping = store.drop("broken off", breaking.signal);
      setTimeout(() => breaking.abort(), 3);
      const ended: unknown = await dropping.catch((error: unknown) => error);
      if (ended !== undefined) expect(ended).toMatchObject({ code: "cancelled" });
      expect(await store.record("broken off")).toBeUndefined();
      await store.write("broken off", [writing("k2", { "": "new" })], record(2n));
      expect(await allKeys(store, "broken off", 1000)).toEqual(["k2"]);
      expect(await read("broken off", "k2", "")).toEqual(["new"]);
    });

    it("pages the keys, each once, from any page on", async () => {
      const keys = [...Array.from({ length: 997 }, (_, at) => `key ${at}`), ...hostile.filter((key) => key !== "")];
      await store.write(
        "pages",
        keys.map((key) => writing(key, { "": "v", part: "v" })),
      );
      const inPages = await allKeys(store, "pages", 100);
      expect([...inPages].sort()).toEqual([...keys].sort());
      const other = await open(under.root, under.online, true);
      expect(await other.keys("pages", 50, inPages[499])).toEqual(inPages.slice(500, 550));
      expect(await other.keys("pages", 50, inPages.at(-1))).toEqual([]);
      await other.close();
    });

    it("opened for reading sees what is written later, and writes nothing", async () => {
      const reader = await open(under.root, under.online, true);
      await reader.read([reading("later", "k", "")]);
      await store.write("later", [writing("k", { "": "v" })], record(1n));
      expect(await reader.read([reading("later", "k", "")])).toEqual([["v"]]);
      expect(await reader.record("later")).toEqual(record(1n));
      await reader.close();
    });

    it("of a writer that was killed has every key whole and no record ahead of them", async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (milliseconds) => {
          const space = `killed ${milliseconds}`;
          const child = spawn(
            process.execPath,
            [childProgram, JSON.stringify(under.online), under.root, space, "1000000", "set"],
            {
              stdio: ["ignore", "pipe", "inherit"],
            },
          );
          await once(child.stdout, "data");
          await new Promise((resolve) => setTimeout(resolve, milliseconds));
          child.kill("SIGKILL");
          await once(child, "exit");
          const until = Number((await store.record(space))?.streamPosition ?? 0n);
          const found = await store.read(Array.from({ length: 20 }, (_, at) => reading(space, `key ${at}`, "", "copy")));
          expect(until).toBeGreaterThan(0);
          for (const pair of found) {
            if (pair === unanswered) throw new Error("There is no answer.");
            expect(pair[1]).toBe(pair[0]);
            expect(Number(pair[0])).toBeGreaterThanOrEqual(until);
          }
          // And it goes on.
          await store.write(space, [writing("key 0", { "": "after" })]);
          await store.drop(space);
        }),
        { numRuns: 4 },
      );
    });

    it("of two processes that write the same keys at once loses nothing", async () => {
      const space = `two processes ${process.pid}`;
      const children = [0, 1].map(() =>
        spawn(process.execPath, [childProgram, JSON.stringify(under.online), under.root, space, "40", "add"], {
          stdio: ["ignore", "ignore", "inherit"],
        }),
      );
      const ends = await Promise.all(children.map(async (child): Promise<unknown> => (await once(child, "exit"))[0]));
      expect(ends).toEqual([0, 0]);
      const found = await store.read(Array.from({ length: 20 }, (_, at) => reading(space, `key ${at}`, "", "copy")));
      expect(found).toEqual(found.map(() => ["80", "80"]));
    });

    it("gives many readings of many spaces in the order they were asked", async () => {
      for (const space of ["many 1", "many 2", "many 3"])
        await store.write(
          space,
          Array.from({ length: 50 }, (_, at) => writing(`k${at}`, { "": `${space} ${at}` })),
        );
      const asked = Array.from({ length: 300 }, (_, at) => [`many ${1 + (at % 4)}`, at % 60] as const);
      const found = await store.read(
        asked.map(([space, at]) => reading(space, `k${at}`, "")),
        1000,
      );
      expect(found).toEqual(asked.map(([space, at]) => [at < 50 && space !== "many 4" ? `${space} ${at}` : undefined]));
      expect(text(bytes("x"))).toBe("x");
    });
  });
}

const record = (lastUsed: bigint): SpaceRecord => ({ project: "shop", view: "orders", lastUsed });

async function allKeys(store: OnlineStore, space: string, limit: number): Promise<string[]> {
  const keys: string[] = [];
  for (;;) {
    const page = await store.keys(space, limit, keys.at(-1));
    expect(page.length).toBeLessThanOrEqual(limit);
    if (page.length === 0) return keys;
    keys.push(...page);
  }
}
