import { readFileSync } from "node:fs";
import path from "node:path";

import { expect, it } from "vitest";

import { projectWithEvents } from "../offline/testing/test-project.js";
import { requireView } from "../registry/find.js";
import { onlineView } from "./online-view.js";
import { readView } from "./read-view.js";
import { partsInMemory } from "./testing/parts-in-memory.js";
import { writeKey } from "./write-key.js";

const page = readFileSync(path.resolve(import.meta.dirname, "../../../docs/online-windows.md"), "utf8");
const month = 30n * 86_400_000_000n;
const start = 1_767_225_600_000_000n;

it("docs/online-windows.md: its view takes the bytes that its table says", async () => {
  const definitions = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
  const loaded = await projectWithEvents(
    definitions,
    [
      { name: "user", type: { kind: "int64" } },
      { name: "at", type: { kind: "timestamp" } },
      { name: "amount", type: { kind: "float64" } },
    ],
    [],
  );
  const view = requireView(loaded.project, "spending");
  if (view.kind !== "feature_view") throw new Error("no feature view");
  const online = onlineView(view);
  const measured = [10, 100, 500, 10_000].map((count) => {
    const store = partsInMemory();
    const rows = Array.from({ length: count }, (_, index) => {
      const at = start + (month * BigInt(index)) / BigInt(count);
      return [at, at, at, index % 100];
    });
    store.write(writeKey(online, rows, { keepUntil: undefined, until: start + month }));
    const bytes = [...store.parts.values()].reduce((total, { length }) => total + length, 0);
    store.reads.parts = 0;
    store.reads.rounds = 0;
    store.read(readView(online, start + month));
    const { parts, rounds } = store.reads;
    return [count, bytes, (bytes / count).toFixed(1), store.parts.size, parts, rounds].map(String);
  });
  const table = page.split("\n").filter((line) => /^\|\s+\d/.test(line));
  expect(
    table.map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll(",", "")),
    ),
  ).toEqual(measured);
});
