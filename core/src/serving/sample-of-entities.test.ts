import { expect, it } from "vitest";

import type { Column } from "../values/value-type.js";
import { isInSample } from "./sample-of-entities.js";

const keys: readonly Column[] = [{ name: "id", type: { kind: "int64" } }];

it.each([0.01, 0.1, 0.5, 0.9])("takes a share of %d of the entities, and more of a greater share", (share) => {
  const ids = Array.from({ length: 20_000 }, (_, index) => BigInt(index));
  const taken = ids.filter((id) => isInSample(keys, { id }, share));
  // Within five standard deviations.
  expect(Math.abs(taken.length / ids.length - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / ids.length));
  expect(taken.every((id) => isInSample(keys, { id }, Math.min(1, share * 1.5)))).toBe(true);
});

it("takes all of everything", () => {
  expect(isInSample(keys, { id: null }, 1)).toBe(true);
});
