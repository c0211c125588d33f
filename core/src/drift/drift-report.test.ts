import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Profile } from "../profiles/profile.js";
import { driftReport } from "./drift-report.js";
import { jensenShannonDistance, populationStabilityIndex } from "./statistics.js";

const counts = fc.integer({ min: 1, max: 8 }).chain((bins) => {
  const side = fc
    .array(fc.integer({ min: 0, max: 1000 }), { minLength: bins, maxLength: bins })
    .filter((one) => one.some((count) => count > 0));
  return fc.record({ reference: side, current: side });
});

describe("statistics", () => {
  it("PSI is symmetric, at least 0, and 0 for equal shares", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 9 }), ({ reference, current }, factor) => {
        const value = populationStabilityIndex({ reference, current }) ?? NaN;
        expect(value).toBeGreaterThanOrEqual(0);
        expect(populationStabilityIndex({ reference: current, current: reference })).toBeCloseTo(value, 10);
        expect(populationStabilityIndex({ reference, current: reference.map((count) => count * factor) })).toBeCloseTo(0, 12);
      }),
    );
  });

  it("Jensen-Shannon distance equals the mean of two Kullback-Leibler divergences, within 0 and 1", () => {
    fc.assert(
      fc.property(counts, ({ reference, current }) => {
        const share = (side: number[]): number[] => side.map((count) => count / side.reduce((sum, one) => sum + one, 0));
        const [p, q] = [share(reference), share(current)];
        const middle = p.map((one, bin) => (one + (q[bin] ?? 0)) / 2);
        const divergence = (a: number[]): number =>
          a.reduce((sum, one, bin) => (one === 0 ? sum : sum + one * Math.log2(one / (middle[bin] ?? 1))), 0);
        const value = jensenShannonDistance({ reference, current }) ?? NaN;
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(value ** 2).toBeCloseTo((divergence(p) + divergence(q)) / 2, 9);
      }),
    );
  });

  it("have no value without rows", () => {
    expect(populationStabilityIndex({ reference: [0, 0], current: [1, 2] })).toBeNull();
    expect(jensenShannonDistance({ reference: [1, 2], current: [0, 0] })).toBeNull();
  });
});

describe("report", () => {
  const profile = (state: readonly number[], nulls: number, size: readonly number[]): Profile => ({
    version: 1,
    rows: 100,
    columns: [
      {
        name: "state",
        type: "string",
        count: 100 - nulls,
        nulls,
        categorical: {
          values: [
            { value: "CA", count: state[0] ?? 0 },
            { value: "NY", count: state[1] ?? 0 },
          ],
          other: state[2] ?? 0,
          distinct: 3,
        },
      },
      {
        name: "size",
        type: "float64",
        count: 100,
        nulls: 0,
        numeric: { min: 0, max: 9, mean: 3, stddev: 1, edges: [1, 2], counts: size },
      },
    ],
  });

  it("counts nulls and unseen categories in bins of their own, and puts the most drifted first", () => {
    const report = driftReport(profile([60, 40, 0], 0, [30, 30, 40]), profile([30, 20, 30], 20, [30, 30, 40]));
    expect(report.features.map(({ feature, verdict }) => [feature, verdict])).toEqual([
      ["state", "large"],
      ["size", "stable"],
    ]);
    expect(report.features[0]?.bins).toEqual([
      { label: "CA", reference: 0.6, current: 0.3 },
      { label: "NY", reference: 0.4, current: 0.2 },
      { label: "other", reference: 0, current: 0.3 },
      { label: "null", reference: 0, current: 0.2 },
    ]);
    expect(report.features[1]?.bins.map(({ label }) => label)).toEqual(["≤ 1", "1 – 2", "> 2", "null"]);
  });

  it("leaves moments out, unless they are asked for", () => {
    const at = (name: string, type: string): Profile["columns"][number] => ({
      name,
      type,
      count: 4,
      nulls: 0,
      numeric: { min: 0, max: 1, mean: 0.5, stddev: 0.5, edges: [0.5], counts: [2, 2] },
    });
    const profile: Profile = {
      version: 1,
      rows: 4,
      columns: [at("amount", "float64"), at("seen_at", "timestamp"), at("day", "date")],
    };
    const names = (features?: string[]): string[] =>
      driftReport(profile, profile, features === undefined ? {} : { features }).features.map(({ feature }) => feature);
    expect(names()).toEqual(["amount"]);
    expect(names(["seen_at", "day"])).toEqual(["day", "seen_at"]);
  });

  it("refuses an unknown statistic, with the nearest, and profiles that share nothing", () => {
    const one = profile([1, 1, 1], 0, [1, 1, 1]);
    expect(() => driftReport(one, one, { statistics: ["psi.v2"] })).toThrow(/Did you mean psi\.v1\?/);
    expect(() => driftReport(one, { version: 1, rows: 0, columns: [] })).toThrow(/no column in common/);
  });
});
