import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FeatureView } from "../registry/bound-project.js";
import { visibleAt } from "./leaf.js";
import { compareVersions, type LatestVersion } from "./latest-versions.js";
import { cutOff, onlineView } from "./online-view.js";
import { readView } from "./read-view.js";
import { partsInMemory } from "./testing/parts-in-memory.js";
import { writeKey } from "./write-key.js";

const moment = fc.bigInt({ min: 0n, max: 60n });
const version: fc.Arbitrary<LatestVersion> = fc
  .record({
    event: moment,
    late: fc.constantFrom(0n, 0n, 1n, -3n, 20n),
    values: fc.tuple(
      fc.option(fc.bigInt({ min: 0n, max: 2n }), { nil: null }),
      fc.option(fc.constantFrom("", "b"), { nil: null }),
    ),
  })
  .map(({ event, late, values }) => ({ event, known: event + late, tie: event + late, values }));

const views = fc.record({
  refresh: fc.constantFrom(undefined, { every: 10n, delay: 3n }, { every: 7n, delay: 0n }),
  ttl: fc.constantFrom(undefined, 0n, 12n),
});

function latestView({ refresh, ttl }: { refresh?: FeatureView["refresh"]; ttl?: bigint | undefined }): FeatureView {
  // Only what the online store looks at.
  return {
    kind: "feature_view",
    name: "profile",
    shape: "latest",
    keys: [{ key: "k", column: "k", type: { kind: "int64" } }],
    source: { location: { path: "x" }, eventTime: "at", knownAt: "known" },
    features: [
      { kind: "row", name: "n", type: { kind: "int64" }, default: 9n },
      { kind: "row", name: "s", type: { kind: "string" } },
    ].map((feature) => ({ ...feature, expression: { node: "literal", type: { kind: "null" }, value: null } })),
    ...(refresh === undefined ? {} : { refresh }),
    ...(ttl === undefined ? {} : { ttl }),
  } as unknown as FeatureView;
}

const toRow = ({ event, known, tie, values }: LatestVersion) => [event, known, tie, ...values];

describe("the latest row of a key", () => {
  it("is the greatest visible version, in any number of steps, each done twice", () => {
    fc.assert(
      fc.property(
        views,
        fc.array(version, { maxLength: 30 }),
        fc.array(moment, { minLength: 1, maxLength: 4 }),
        (choice, all, ends) => {
          const view = latestView(choice);
          const online = onlineView(view);
          const store = partsInMemory();
          let previous: bigint | undefined;
          for (const until of ends.sort((a, b) => (a < b ? -1 : 1))) {
            const fresh = all.filter((one) => visibleAt(one) <= until && (previous === undefined || visibleAt(one) > previous));
            const write = (): unknown => store.write(writeKey(online, fresh.map(toRow), { keepUntil: previous, until }));
            write();
            const once = [...store.parts];
            write();
            expect([...store.parts]).toEqual(once);
            previous = until;
            const known = all.filter((one) => visibleAt(one) <= until);
            for (const t of [until, until + 1n, until + 9n, until + 30n]) {
              const { c, knownUntil } = cutOff(view, t);
              const best = known
                .filter(({ event, known: seen }) => (view.refresh === undefined ? event <= t : event < c) && seen <= knownUntil)
                .sort((a, b) => compareVersions(b, a))[0];
              const found = store.read(readView(online, t));
              if (best === undefined)
                expect(found).toEqual([9n, null].map((value) => ({ value, status: "NOT_FOUND", eventTime: null })));
              else if (view.ttl !== undefined && c - best.event > view.ttl)
                expect(found).toEqual([9n, null].map((value) => ({ value, status: "OUTSIDE_MAX_AGE", eventTime: best.event })));
              else
                expect(found).toEqual(
                  best.values.map((value, index) => ({
                    value: value ?? [9n, null][index],
                    status: value === null ? "NULL_VALUE" : "PRESENT",
                    eventTime: best.event,
                  })),
                );
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is never replaced by an older one that is pushed later, and a row of the future waits", () => {
    const online = onlineView(latestView({}));
    const store = partsInMemory();
    const push = (event: bigint, n: bigint, until: bigint): unknown =>
      store.write(writeKey(online, [[event, event, event, n, null]], { keepUntil: "all", until }));
    push(20n, 1n, 20n);
    push(10n, 2n, 21n);
    push(50n, 3n, 22n);
    push(50n, 3n, 22n);
    const at = (t: bigint): unknown => store.read(readView(online, t))[0]?.value;
    expect([at(22n), at(49n), at(50n)]).toEqual([1n, 1n, 3n]);
  });
});
