import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect, it } from "vitest";

import { listLog, readTailHeader } from "./log-segments.js";
import { openTailWriter } from "./log-writer.js";

const header = {
  format: 1,
  service: "s",
  definitions: "d",
  sample: 1,
  columns: [
    { name: "request_id", type: { kind: "string" } },
    { name: "at", type: { kind: "timestamp" } },
  ],
  meanings: {},
} as const;

function writer(folder: string, rollBytes = 1e6) {
  const told = { written: 0, failures: 0 };
  const tail = openTailWriter({
    folder,
    name: "1-a",
    header,
    rollBytes,
    rollMillis: 1e6,
    written: (rows) => (told.written += rows),
    finished: () => undefined,
    failed: () => told.failures++,
  });
  return { ...tail, told };
}

it("keeps rows that the disk does not take, and writes them when it does", async () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "skewproof-")), "s");
  writeFileSync(folder, "a file where the folder belongs");
  const { add, flush, close, told } = writer(folder);
  add(["a", 1n]);
  flush();
  expect(told.written).toBe(0);
  expect(told.failures).toBeGreaterThan(0);
  rmSync(folder);
  add(["b", 2n]);
  flush();
  expect(told.written).toBe(2);
  const [tail = ""] = listLog(folder).tails;
  expect(readTailHeader(tail)?.header).toEqual(header);
  expect(readFileSync(tail, "utf8").split("\n").slice(1, 3)).toEqual(['{"c0":"a","c1":1}', '{"c0":"b","c1":2}']);
  await close();
  expect(readdirSync(folder)).toEqual(["1-a-000000.parquet"]);
});

it("counts what it never could write", async () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "skewproof-")), "s");
  const { add, lose, flush, close } = writer(folder, 1);
  add(["a", 1n]);
  flush();
  lose(3);
  lose(4);
  await close();
  expect(listLog(folder)).toMatchObject({ tails: [], finished: [path.join(folder, "1-a-000000.parquet")] });
  expect(readFileSync(path.join(folder, "1-a.lost"), "utf8")).toBe("000000000000007\n");
});
