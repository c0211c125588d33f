import { rmSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { bruteForce } from "../../offline/testing/brute-force.js";
import { base, close, columns, definitions, event, hour, settings, show } from "../../offline/testing/random-project.js";
import { projectWithEvents } from "../../offline/testing/test-project.js";
import type { FeatureView } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import type { Row } from "../../values/value.js";
import { createFeatureReader } from "../read-features.js";
import { materialize } from "./materialize.js";
import { openKeyValueStore } from "./open-key-value-store.js";
import { spacesOf } from "./space-of.js";

const keys: readonly Row[] = [1n, 2n, 11n].flatMap((k) => ["a", "ab"].map((s) => ({ k, s })));

describe("materialize and read", () => {
  it("equals brute force at the high-water mark and after it, in any number of steps", async () => {
    const steps = fc.array(fc.bigInt({ min: 0n, max: 9n }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(settings, fc.array(event, { maxLength: 150, size: "max" }), steps, async (choice, events, hours) => {
        const loaded = await projectWithEvents(definitions(choice), columns, events);
        let until = base;
        for (const step of hours) {
          until += step * hour;
          await materialize(loaded, { until });
          const store = await openKeyValueStore(loaded, { readOnly: true });
          const service = requireService(loaded.project, "all");
          const views = [...loaded.project.views.values()].filter((view): view is FeatureView => view.kind === "feature_view");
          // What the store knows ends at the mark; later moments see those rows alone.
          const known = events.filter((row) => {
            const moment = choice.known ? row["known"] : row["at"];
            return row["at"] !== null && moment !== null && (row["at"] as bigint) <= until && (moment as bigint) <= until;
          });
          for (const t of [until, until + hour / 2n, until + 2n * hour])
            for (const [index, found] of (
              await createFeatureReader(service, store, spacesOf(loaded.project.name)).read(
                keys.map((entities) => ({ entities, request: {} })),
                t,
              )
            ).entries()) {
              const entities = keys[index] ?? {};
              const expected = Object.assign({}, ...views.map((view) => bruteForce(view, known, entities, t))) as Row;
              for (const [at, { name }] of service.features.entries())
                if (!close(found.values[at] ?? null, expected[name] ?? null))
                  throw new Error(
                    `${name} of ${show(entities["k"] ?? null)},${show(entities["s"] ?? null)} at ${t - base}: online ${show(found.values[at] ?? null)}, brute force ${show(expected[name] ?? null)}`,
                  );
            }
          await store.close();
        }
        rmSync(loaded.root, { recursive: true, force: true });
      }),
      { numRuns: 10 },
    );
  });

  it("is idempotent: the same rows again, or an interrupted run repeated, change nothing", async () => {
    const at = (hours: bigint): bigint => base + hours * hour;
    const events: Row[] = Array.from({ length: 50 }, (_, index) => ({
      k: BigInt(index % 3),
      s: "a",
      at: at(BigInt(index % 20)),
      known: at(BigInt(index % 20)),
      tie: 1n,
      x: BigInt(index),
      f: 1,
    }));
    const loaded = await projectWithEvents(
      definitions({ known: true, tie: false, composite: false, refresh: "", ttl: "" }),
      columns,
      events,
    );
    const service = requireService(loaded.project, "all");
    const read = async (): Promise<unknown> => {
      const store = await openKeyValueStore(loaded, { readOnly: true });
      const rows = await createFeatureReader(service, store, spacesOf(loaded.project.name)).read(
        [0n, 1n, 2n, 9n, null].map((k) => ({ entities: { k }, request: {} })),
        at(21n),
      );
      await store.close();
      return rows;
    };
    const controller = new AbortController();
    await expect(
      materialize(loaded, {
        until: at(20n),
        signal: controller.signal,
        progress: (message) => {
          if (message.includes("windows")) controller.abort();
        },
      }),
    ).rejects.toThrow();
    // An earlier moment would take from the keys that the interrupted run had brought to 20 hours: it is finished first.
    expect((await materialize(loaded, { until: at(10n), views: ["windows"] })).views).toMatchObject([
      { until: printTimestamp(at(20n)) },
    ]);
    await materialize(loaded, { until: at(20n) });
    const once = await read();
    await materialize(loaded, { until: at(20n) });
    await materialize(loaded, { until: at(5n) });
    expect(await read()).toEqual(once);
    const [, , , unknown, noKey] = once as { statuses: string[] }[];
    expect(unknown?.statuses[0]).toBe("NOT_FOUND");
    expect(new Set(noKey?.statuses)).toEqual(new Set(["NOT_FOUND"]));
  });
});
