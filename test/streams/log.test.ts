import { appendFileSync, globSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LoadedProject } from "skewproof/registry/node/load-project";
import { featuresAt } from "skewproof/offline/node/features-at";
import { requireService } from "skewproof/registry/find";
import { clicks, logged } from "./logged.js";
import { click, streamProject } from "./stream-project.js";
import { openPusher, pushRows, type ApplyRows } from "skewproof/streams/node/push-rows";
import { openStreamLog } from "skewproof/streams/node/stream-log";
import { unappliedRows, type StreamRow } from "skewproof/streams/node/unapplied-rows";

const folderOf = ({ root }: LoadedProject): string => path.join(root, ".skewproof/streams/clicks");
const filesOf = (loaded: LoadedProject, pattern: string): string[] =>
  globSync(pattern, { cwd: folderOf(loaded) })
    .sort()
    .map((name) => path.join(folderOf(loaded), name));

describe("a push", () => {
  it("answers row by row; what breaks the schema or an expectation goes to quarantine as it came", async () => {
    const loaded = await streamProject();
    const given = [
      click(1),
      click(1),
      click(2, { price: -1 }),
      click(3, { pgae: "cart" }),
      click(4, { count: 2 ** 31 }),
      click(5, { customer_id: 2 ** 60 }),
      click(6, { price: 123456789012345.67 }),
      click(7, { clicked_at: null }),
      click(8, { page: "elsewhere" }),
      { ...click(9), click_id: null },
      "no row",
      click(10, { page: "\ud800" }),
      click(11, { clicked_at: "0001-01-01T00:00:00+14:00" }),
      click(12, { weight: "NaN", count: -(2 ** 31) }),
    ];
    const report = await pushRows(loaded, "clicks", given);
    expect(report).toMatchObject({ accepted: 2, duplicates: 1, quarantined: 11 });
    expect(report.rows.slice(0, 3)).toEqual([
      { status: "accepted", position: 1n },
      { status: "duplicate", position: 1n },
      { status: "quarantined", reason: "last_click.price: expect min" },
    ]);
    expect(report.rows.map((row) => ("reason" in row ? row.reason.split(":")[0] : row.status))).toEqual(
      "accepted,duplicate,last_click.price,pgae,count,customer_id,price,clicked_at,last_click.page,click_id,The row is not an object of columns.,page,clicked_at,accepted".split(
        ",",
      ),
    );
    const [file = ""] = globSync(".skewproof/quarantine/clicks/*.ndjson", { cwd: loaded.root });
    const aside = readFileSync(path.join(loaded.root, file), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { row: unknown; reason: string });
    expect(aside.map(({ row }) => row)).toEqual(given.slice(2, 13));
    expect(aside[1]?.reason).toContain("Did you mean page?");
    expect(await pushRows(loaded, "clicks", [click(12), click(13)])).toMatchObject({
      rows: [
        { status: "duplicate", position: 2n },
        { status: "accepted", position: 3n },
      ],
    });
  });

  it("keeps every value as it was given, before and after it becomes Parquet", async () => {
    const loaded = await streamProject((text) =>
      text.replace("features: [last_click, clicking]", "features: [clicking]").replace(/, expect: .*}/g, " }"),
    );
    const day = fc.integer({ min: -719_162, max: 2_932_896 }).map((days) =>
      new Date(days * 86_400_000)
        .toISOString()
        .replace(/^[+-]0*(?=\d{4}-)/, "")
        .slice(0, 10),
    );
    const cents = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n });
    const row = fc.record(
      {
        customer_id: fc
          .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
          .map((n) => (BigInt(Number(n)) === n && Math.abs(Number(n)) < 2 ** 53 ? Number(n) : String(n))),
        price: cents.map(
          (n) =>
            `${n < 0n ? "-" : ""}${String(n < 0n ? -n : n)
              .padStart(3, "0")
              .replace(/(..)$/, ".$1")}`,
        ),
        weight: fc.double({ noNaN: true, noDefaultInfinity: true }),
        count: fc.integer(),
        ok: fc.boolean(),
        day,
        page: fc.string({ unit: "binary" }),
        raw: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
        scores: fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))),
        sums: fc.array(fc.bigInt({ min: 0n, max: 10n ** 30n }).map((n) => `${n}.125`)),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), fc.boolean(), async (rows, roll) => {
        const before = (await logged(loaded)).length;
        const given = rows.map((one, index) => ({
          ...one,
          click_id: `${before + index}`,
          clicked_at: "2026-01-01T10:00:00.123456Z",
        }));
        const pusher = openPusher(loaded, "clicks", { tailBytes: roll ? 0 : 1e6 });
        const report = await pusher.push(given.map((json) => ({ row: { json } })));
        await pusher.close();
        expect(report.quarantined, JSON.stringify(report.rows.find((one) => "reason" in one))).toBe(0);
        const found = (await logged(loaded, BigInt(before))).map((one) =>
          Object.fromEntries(Object.entries(one).filter(([name, value]) => value !== null && !name.startsWith("_"))),
        );
        expect(found).toEqual(given);
      }),
      { numRuns: 15 },
    );
    expect(filesOf(loaded, "*.parquet").length).toBeGreaterThan(0);
  });

  it("is seen at once by the point-in-time query, by the moment at which it was taken in", async () => {
    const loaded = await streamProject();
    const moment = (text: string): bigint => BigInt(Date.parse(text)) * 1000n;
    let now = moment("2026-01-01T10:30:00Z");
    const ask = (t: string) =>
      featuresAt(loaded, requireService(loaded.project, "shop"), { entities: { customer_id: 1n }, request: {} }, moment(t));
    expect(await ask("2026-01-01T12:00:00Z")).toEqual([null, null, null, 0n]);
    const clock = (): bigint => now;
    await pushRows(loaded, "clicks", [click(1, { price: "1.50" })], { clock });
    now = moment("2026-01-01T09:00:00Z");
    await pushRows(loaded, "clicks", [click(2, { price: 2, page: "cart" })], { clock });
    now = moment("2026-01-01T11:30:00Z");
    await pushRows(loaded, "clicks", [click(3, { price: 3, page: "cart" })], { clock });
    // The clock was set back before the second row, which still came after the first.
    expect((await logged(loaded)).map(({ _received_at: at }) => at)).toEqual([
      "2026-01-01T10:30:00Z",
      "2026-01-01T10:30:00Z",
      "2026-01-01T11:30:00Z",
    ]);
    expect(await ask("2026-01-01T10:29:59Z")).toEqual([null, null, null, 0n]);
    expect(await ask("2026-01-01T10:59:00Z")).toEqual([200n, "cart", 2n, 2n]);
    expect(await ask("2026-01-01T12:00:00Z")).toEqual([300n, "cart", 3n, 0n]);
  });

  it("of a project whose schema changed reads old rows under today's columns", async () => {
    const loaded = await streamProject();
    await pushRows(loaded, "clicks", [click(1, { count: 7, weight: 1.5 })]);
    const edited = definitionsEdited(loaded, (text) =>
      text.replace("count: int32", "count: string\n  extra: int64").replace("  weight: float64\n", ""),
    );
    const now = await edited;
    await pushRows(now, "clicks", [click(1), click(2, { count: "many", extra: 3 })]);
    expect((await logged(now)).map(({ count, extra, weight }) => [count, extra, weight])).toEqual([
      ["7", null, undefined],
      ["many", 3, undefined],
    ]);
    expect((await logged(loaded)).map(({ count, weight }) => [count, weight])).toEqual([
      [7, 1.5],
      [null, null],
    ]);
    expect(filesOf(now, "*.ndjson").length + filesOf(now, "*.parquet").length).toBe(2);
  });
});

async function definitionsEdited(loaded: LoadedProject, edit: (text: string) => string): Promise<LoadedProject> {
  const { loadValidProject } = await import("skewproof/registry/node/load-project");
  const file = path.join(loaded.root, "definitions/all.yaml");
  writeFileSync(file, edit(readFileSync(file, "utf8")));
  return loadValidProject(loaded.root);
}

describe("the online part", () => {
  it("is given durable rows in their order, one call at a time; after a failure the next push brings what is missing", async () => {
    const loaded = await streamProject();
    const applied: StreamRow[] = [];
    let [running, down] = [0, false];
    const apply: ApplyRows = async (rows) => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      if (down) throw new Error("The store is gone.");
      applied.push(...rows);
    };
    const pusher = openPusher(loaded, "clicks", { apply });
    const push = (...ids: number[]) => pusher.push(ids.map((id) => ({ row: { json: click(id) } })));
    await Promise.all(Array.from({ length: 20 }, (_, index) => push(index * 2, index * 2 + 1)));
    down = true;
    await expect(push(100, 101)).rejects.toThrow(/in the log, but not visible online yet: The store is gone/);
    await expect(push(100)).rejects.toThrow("not visible online yet");
    down = false;
    expect(await push(100)).toMatchObject({ duplicates: 1, rows: [{ position: 41n }] });
    expect(applied.map(({ position }) => position)).toEqual(Array.from({ length: 42 }, (_, index) => BigInt(index + 1)));
    await push(102);
    await pusher.close();
    const rows: StreamRow[] = [];
    for await (const some of unappliedRows(loaded.root, clicks(loaded), 0n)) rows.push(...some);
    expect(applied).toEqual(rows);
    expect(pusher.waiting).toBe(0);
  });

  it("a full queue refuses", async () => {
    const loaded = await streamProject();
    const pusher = openPusher(loaded, "clicks", { mostWaiting: 3 });
    const first = pusher.push([1, 2, 3].map((id) => ({ row: { json: click(id) } })));
    await expect(pusher.push([{ row: { json: click(4) } }])).rejects.toThrow("3 rows of clicks wait already");
    expect(await first).toMatchObject({ accepted: 3 });
    await pusher.close();
  });
});

describe("the log", () => {
  const pushed = async (loaded: LoadedProject, from: number, to: number, tailBytes = 300): Promise<void> => {
    const pusher = openPusher(loaded, "clicks", { tailBytes });
    for (let id = from; id < to; id++) await pusher.push([{ row: { json: click(id) } }]);
    await pusher.close();
  };
  const ids = async (loaded: LoadedProject): Promise<unknown[]> => (await logged(loaded)).map(({ click_id: id }) => Number(id));
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  it("rolls closed tails into Parquet; positions stay dense and each row is there once", async () => {
    const loaded = await streamProject();
    await pushed(loaded, 0, 12);
    expect(filesOf(loaded, "*.parquet").length).toBeGreaterThan(2);
    expect(filesOf(loaded, "*.ndjson").length).toBe(1);
    expect(await ids(loaded)).toEqual(upTo(12));
    expect((await logged(loaded, 7n)).map(({ _position: position }) => position)).toEqual([8, 9, 10, 11, 12]);
  });

  it("cuts a line off that was not written to its end, and takes note of rows that the index does not know", async () => {
    const loaded = await streamProject();
    await pushed(loaded, 0, 3, 1e6);
    const [tail = ""] = filesOf(loaded, "*.ndjson");
    appendFileSync(
      tail,
      `{"_position":4,"_received_at":"2099-01-01T00:00:00Z","click_id":"3","customer_id":1}\n{"_position":5,"_rec`,
    );
    expect(await ids(loaded)).toEqual([0, 1, 2, 3]);
    expect(await pushRows(loaded, "clicks", [click(3), click(4)])).toMatchObject({
      rows: [
        { status: "duplicate", position: 4n },
        { status: "accepted", position: 5n },
      ],
    });
    expect((await logged(loaded)).map(({ _received_at: at }) => String(at) >= "2099")).toEqual([false, false, false, true, true]);
  });

  it.each<[string, (loaded: LoadedProject) => void]>([
    ["is gone", (loaded) => filesOf(loaded, "ids.lmdb*").forEach((file) => rmSync(file))],
    [
      "is that of a longer log",
      (loaded) => {
        const [tail = ""] = filesOf(loaded, "*.ndjson");
        const text = readFileSync(tail, "utf8").trimEnd();
        truncateSync(tail, Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1)));
      },
    ],
  ])("makes the index anew when it %s", async (what, damage) => {
    const loaded = await streamProject();
    await pushed(loaded, 0, 12);
    damage(loaded);
    const left = what === "is gone" ? 12 : 11;
    const report = await pushRows(
      loaded,
      "clicks",
      [...upTo(12), 12].map((id) => click(id)),
    );
    expect(report).toMatchObject({ duplicates: left, accepted: 13 - left });
    expect(report.rows.map((row) => ("position" in row ? Number(row.position) - 1 : -1))).toEqual(upTo(13));
    expect(await ids(loaded)).toEqual(upTo(13));
  });

  it("knows tails that were begun in vain and segments whose tail still stands", async () => {
    const loaded = await streamProject();
    await pushed(loaded, 0, 12);
    const [segment = ""] = filesOf(loaded, "*.parquet");
    const [tail = ""] = filesOf(loaded, "*.ndjson");
    const header = readFileSync(tail, "utf8").split("\n")[0] ?? "";
    writeFileSync(path.join(folderOf(loaded), "0000000000000000013.ndjson"), `${header}\n`);
    writeFileSync(path.join(folderOf(loaded), `${path.basename(segment).slice(0, 19)}.ndjson`), "the rolled tail");
    writeFileSync(path.join(folderOf(loaded), "999999999-0000000000000000001.ndjson.rolling"), "half of a segment");
    expect(await ids(loaded)).toEqual(upTo(12));
    await pushed(loaded, 12, 16);
    expect(await ids(loaded)).toEqual(upTo(16));
    filesOf(loaded, "ids.lmdb*").forEach((file) => rmSync(file));
    await pushed(loaded, 16, 20);
    expect(await ids(loaded)).toEqual(upTo(20));
    expect(readdirSync(folderOf(loaded)).filter((name) => name.endsWith(".rolling"))).toEqual([]);
    expect(filesOf(loaded, "*.ndjson").length).toBe(1);
  });

  it.each<[string, (file: string) => void]>([
    ["truncated", (file) => truncateSync(file, statSync(file).size - 7)],
    [
      "bit-flipped",
      (file) => {
        const bytes = readFileSync(file);
        bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 4;
        writeFileSync(file, bytes);
      },
    ],
  ])("a segment that is %s is named, and set aside the rest is read", async (_, damage) => {
    const loaded = await streamProject();
    await pushed(loaded, 0, 12);
    const [, segment = ""] = filesOf(loaded, "*.parquet");
    damage(segment);
    const [from = 0, to = 0] = path.basename(segment).split("-").map(Number);
    await expect(logged(loaded)).rejects.toThrow(`${segment} is damaged`);
    await expect(logged(loaded)).rejects.toThrow(`without its rows, ${from} to ${to}`);
    // It holds no one up who needs only what came later.
    expect((await logged(loaded, BigInt(to))).map(({ _position: position }) => position)).toEqual(
      upTo(12)
        .map((id) => id + 1)
        .slice(to),
    );
    await pushed(loaded, 12, 13);
    writeFileSync(`${segment}.damaged`, readFileSync(segment));
    rmSync(segment);
    expect(await ids(loaded)).toEqual(upTo(13).filter((id) => id + 1 < from || id + 1 > to));
    rmSync(`${segment}.damaged`);
    await expect(logged(loaded)).rejects.toThrow(`The rows from ${from} on are missing`);
  });

  it("is written by two pushers of one process, one of which closes", async () => {
    const loaded = await streamProject();
    const [one, two] = [openPusher(loaded, "clicks", { tailBytes: 2000 }), openPusher(loaded, "clicks", { tailBytes: 2000 })];
    const push = (pusher: typeof one, id: number) => pusher.push([{ row: { json: click(id) } }]);
    await Promise.all(upTo(30).map((id) => push(id % 2 === 0 ? one : two, id)));
    await one.close();
    expect(await push(two, 0)).toMatchObject({ duplicates: 1 });
    expect(await push(two, 30)).toMatchObject({ accepted: 1 });
    await two.close();
    expect((await ids(loaded)).sort((a, b) => Number(a) - Number(b))).toEqual(upTo(31));
  });

  it("goes on where another pusher has rolled all that was known", async () => {
    const loaded = await streamProject();
    const idle = openPusher(loaded, "clicks", { tailBytes: 300 });
    await idle.push([{ row: { json: click(0) } }]);
    await pushed(loaded, 1, 12);
    expect(filesOf(loaded, "*.ndjson").length).toBe(1);
    expect(await idle.push([5, 12, 0].map((id) => ({ row: { json: click(id) } })))).toMatchObject({
      rows: [
        { status: "duplicate", position: 6n },
        { status: "accepted", position: 13n },
        { status: "duplicate", position: 1n },
      ],
    });
    await idle.close();
    expect(await ids(loaded)).toEqual(upTo(13));
  });

  it("numbers rows without event ids too", async () => {
    const loaded = await streamProject((text) => text.replace("event_id: click_id\n", ""));
    await pushRows(loaded, "clicks", [click(1), click(1)]);
    const source = clicks(loaded);
    if (source.stream === undefined) throw new Error("no stream");
    const log = openStreamLog(loaded.root, { ...source, stream: source.stream });
    expect(await Promise.all([log.append([]), log.append([{ text: "" }])])).toMatchObject([[], [{ position: 3n }]]);
    await log.close();
    expect((await logged(loaded)).map(({ click_id: id }) => id)).toEqual(["1", "1", null]);
  });
});
