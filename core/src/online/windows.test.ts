import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { WindowFeature } from "../registry/bound-project.js";
import type { Value } from "../values/value.js";
import { compareValues } from "../values/compare-values.js";
import { keyLayout } from "./key-layout.js";
import { visibleAt, type StoredEvent } from "./leaf.js";
import { cutOff, onlineView, type OnlineView } from "./online-view.js";
import { readView } from "./read-view.js";
import { partsInMemory } from "./testing/parts-in-memory.js";
import { foldRaw, windowCase, type WindowCase } from "./testing/random-windows.js";
import { writeKey, type WriteMode } from "./write-key.js";

/** Leaves of so few events that short histories make deep trees. */
const small = { leaf: 3, fan: 2, multiset: 16, ownMultiset: 40 };
const until = 40_000;

function laidOut({ view }: WindowCase): OnlineView {
  const online = onlineView(view);
  return { ...online, layout: keyLayout(view, online.operands, online.operandOf, small) };
}

const toRow = ({ event, known, tie, operands }: StoredEvent): Value[] => [event, known, tie, ...operands];

const show = (value: Value): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));

const near = (a: Value, b: Value): boolean =>
  compareValues(a, b) === 0 ||
  (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-9 * Math.max(1e6, Math.abs(a)));

/** Throws where a feature at `t` is not what the raw events give. */
function compare(online: OnlineView, store: ReturnType<typeof partsInMemory>, events: readonly StoredEvent[], t: bigint): void {
  const { c, knownUntil } = cutOff(online.view, t);
  const found = store.read(readView(online, t));
  for (const [index, feature] of (online.view.features as WindowFeature[]).entries()) {
    const expected = foldRaw(feature, online.operandOf[index] ?? -1, events, c, knownUntil);
    const { value, status, eventTime } = found[index] ?? { value: null, status: "", eventTime: null };
    const wanted = expected.value !== null ? "PRESENT" : events.length > 0 ? "NULL_VALUE" : "NOT_FOUND";
    if (!near(value, expected.value) || eventTime !== expected.newest || status !== wanted)
      throw new Error(
        `${feature.aggregate.function} over ${String(feature.window)} at ${t}: ${show(value)} ${String(eventTime)} ${status}, raw ${show(expected.value)} ${String(expected.newest)} ${wanted}`,
      );
  }
}

/** Moments on, and a microsecond beside, edges of tiles, of windows and of events. */
function moments(online: OnlineView, events: readonly StoredEvent[]): bigint[] {
  const windows = online.layout.windows.filter((window) => window !== "unbounded");
  const edges = [
    4096n,
    20_480n,
    ...events.slice(0, 3).flatMap(({ event, known }) => [event, known, ...windows.map((w) => event + w)]),
  ];
  return [...edges.flatMap((edge) => [edge - 1n, edge, edge + 1n]), 0n, BigInt(until), BigInt(3 * until)];
}

describe("windows of a key", () => {
  it("equal the folds of raw events at every moment, however the events came", () => {
    const runs = fc.gen();
    fc.assert(
      fc.property(windowCase(until), runs, (made, draw) => {
        const online = laidOut(made);
        const store = partsInMemory();
        let events: StoredEvent[] = [];
        const steps = draw(fc.integer, { min: 1, max: 5 });
        for (let step = 0; step < steps; step++) {
          const batch = draw(fc.array<StoredEvent>, made.events, { maxLength: 40, size: "max" });
          const keepUntil = draw(fc.constantFrom<WriteMode["keepUntil"][]>, "all", "all", undefined, 4096n, 15_000n, 30_000n);
          const rows =
            keepUntil === "all" || keepUntil === undefined ? batch : batch.filter((event) => visibleAt(event) > keepUntil);
          const write = (): unknown =>
            store.write(writeKey({ ...online, retention: "unbounded" }, rows.map(toRow), { keepUntil, until: BigInt(until) }));
          write();
          // What a crash left is done again.
          if (keepUntil !== "all") write();
          events = [
            ...events.filter((event) => keepUntil === "all" || (keepUntil !== undefined && visibleAt(event) <= keepUntil)),
            ...rows,
          ];
          for (const t of moments(online, events)) compare(online, store, events, t);
        }
        const once = partsInMemory();
        once.write(
          writeKey({ ...online, retention: "unbounded" }, events.reverse().map(toRow), {
            keepUntil: undefined,
            until: BigInt(until),
          }),
        );
        expect([...store.parts].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(
          [...once.parts].sort(([a], [b]) => (a < b ? -1 : 1)),
        );
      }),
      { numRuns: Number(process.env["WINDOW_RUNS"] ?? 40) },
    );
  });

  it("lose what no window can meet any more, and nothing else", () => {
    fc.assert(
      fc.property(windowCase(until), fc.gen(), (made, draw) => {
        const online = laidOut(made);
        const retention = online.retention;
        if (retention === "unbounded") return;
        const store = partsInMemory();
        const events: StoredEvent[] = [];
        let now = 0n;
        for (let step = 0; step < 4; step++) {
          now += draw(fc.bigInt, { min: 0n, max: BigInt(until) });
          const rows = draw(fc.array<StoredEvent>, made.events, { maxLength: 30, size: "max" }).map((row) => {
            const shift = now - BigInt(until);
            const known = row.known + shift;
            return { ...row, event: row.event + shift, known, tie: online.layout.tieForm === undefined ? known : row.tie };
          });
          store.write(writeKey(online, rows.map(toRow), { keepUntil: "all", until: now }));
          events.push(...rows);
          for (const t of [now, now + 1n, now + 5000n]) {
            const found = store.read(readView(online, t)).map(({ value, eventTime }) => ({ value, eventTime }));
            const { c, knownUntil } = cutOff(online.view, t);
            for (const [index, feature] of (online.view.features as WindowFeature[]).entries()) {
              const expected = foldRaw(feature, online.operandOf[index] ?? -1, events, c, knownUntil);
              if (!near(found[index]?.value ?? null, expected.value) || found[index]?.eventTime !== expected.newest)
                throw new Error(
                  `${feature.aggregate.function} at ${t}: ${show(found[index]?.value ?? null)}, raw ${show(expected.value)}`,
                );
            }
          }
        }
        store.write(writeKey(online, [], { keepUntil: "all", until: now + retention + 20_000n + BigInt(until) }));
        expect([...store.parts.keys()]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("of a hot key take one path of tiles for an append, whatever its size", () => {
    const [{ view } = never()] = fc.sample(
      windowCase(until).filter(({ view }) => view.source.knownAt === undefined && onlineView(view).operands.length === 2),
      { numRuns: 1, seed: 5 },
    );
    const online = onlineView(view);
    const layout = keyLayout(view, online.operands, online.operandOf, { ...small, fan: 4, multiset: 0 });
    const wide: OnlineView = { ...online, layout, retention: "unbounded" };
    const store = partsInMemory();
    const row = (at: number): Value[] => [BigInt(at), BigInt(at), BigInt(at), null, null];
    store.write(
      writeKey(
        wide,
        Array.from({ length: 5000 }, (_, at) => row(at * 3)),
        { keepUntil: undefined, until: 15_000n },
      ),
    );
    const depth = Math.ceil(layout.width / 4) + 1;
    for (const at of [15_001, 7, 8000]) {
      store.reads.parts = 0;
      const changes = store.write(writeKey(wide, [row(at)], { keepUntil: "all", until: 16_000n }));
      expect(store.reads.parts).toBeLessThanOrEqual(depth);
      expect(changes.length).toBeLessThanOrEqual(depth + 4);
    }
  });
});

function never(): never {
  throw new Error("no such view");
}
