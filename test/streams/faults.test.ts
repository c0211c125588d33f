import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { loadValidProject, type LoadedProject } from "skewproof/registry/node/load-project";
import { pushRows } from "skewproof/streams/node/push-rows";
import { describe, expect, it } from "vitest";

import { logged } from "./logged.js";
import { click, streamProject } from "./stream-project.js";

const seed = Number(process.env["SKEWPROOF_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

interface Writer {
  readonly child: ChildProcess;
  /** Lines of the batches that were answered. */
  readonly lines: string[];
  readonly ended: Promise<void>;
}

const withoutExpectations = (text: string): string => text.replaceAll(/, expect: .*}/g, " }");
const project = (): Promise<LoadedProject> => streamProject(withoutExpectations);

function write(
  root: string,
  ownSeed: number,
  tailBytes: number,
  wrap: (command: string[]) => string[] = (command) => command,
): Writer {
  const script = path.join(import.meta.dirname, "writer.mjs");
  const [program = "", ...args] = wrap([process.execPath, script, root, String(ownSeed), String(tailBytes)]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  let rest = "";
  child.stdout.on("data", (data: Buffer) => {
    const parts = (rest + data.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return {
    child,
    lines,
    ended: new Promise((resolve) =>
      child.once("close", () => {
        resolve();
      }),
    ),
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds();) {
    if (Date.now() > end) throw new Error(`Not in 60 s: ${what}`);
    await sleep(1);
  }
}

async function kill(writer: Writer): Promise<void> {
  writer.child.kill("SIGKILL");
  await writer.ended;
}

/** Every acknowledged row is there once, at the position it was told; no id twice; positions without a gap. */
async function requireWhole(loaded: LoadedProject, lines: readonly string[]): Promise<number> {
  const rows = await logged(loaded);
  expect(rows.map(({ _position: position }) => position)).toEqual(rows.map((_, index) => index + 1));
  const ids = rows.map(({ click_id: id }) => String(id));
  expect(new Set(ids).size).toBe(ids.length);
  const moments = rows.map(({ _received_at: at }) => Date.parse(String(at)));
  expect(moments).toEqual([...moments].sort((a, b) => a - b));
  let acknowledged = 0;
  for (const line of lines) {
    if (line.startsWith("failed")) continue;
    for (const [id, position] of line.split(",").map((one) => one.split(" "))) {
      acknowledged++;
      if (ids[Number(position) - 1] !== id)
        throw new Error(
          `${String(id)} was acknowledged at ${String(position)}, where ${String(ids[Number(position) - 1])} stands`,
        );
    }
  }
  return acknowledged;
}

describe(`with the seed ${seed} (SKEWPROOF_SEED)`, () => {
  it("three writers at once, killed at any moment: every acknowledged row is there once", async () => {
    const loaded = await project();
    const lines: string[] = [];
    for (let round = 0; round < 4; round++) {
      const writers = [0, 1, 2].map((one) => write(loaded.root, seed + round * 3 + one, 40_000));
      await until("all write", () => writers.every((writer) => writer.lines.length > 3));
      for (const [index, writer] of writers.entries()) {
        await sleep((seed >> (round + index)) % 300);
        await kill(writer);
        lines.push(...writer.lines);
      }
    }
    const acknowledged = await requireWhole(loaded, lines);
    expect(acknowledged).toBeGreaterThan(1000);
    expect(lines.filter((line) => line.startsWith("failed"))).toEqual([]);
    expect(globSync(".skewproof/streams/clicks/*.parquet", { cwd: loaded.root }).length).toBeGreaterThan(0);
  });

  it("killed while a tail becomes Parquet, which is done again", async () => {
    const loaded = await project();
    const folder = path.join(loaded.root, ".skewproof/streams/clicks");
    const lines: string[] = [];
    for (let round = 0; round < 4; round++) {
      const writer = write(loaded.root, seed + 100 + round, 20_000);
      await until("it writes", () => writer.lines.length > 0);
      await until("it rolls", () => readdirSync(folder).some((name) => name.endsWith(".rolling")));
      await sleep((seed >> round) % 15);
      await kill(writer);
      lines.push(...writer.lines);
      await requireWhole(loaded, lines);
    }
    // What was begun in vain goes when the next tail is closed.
    for (let time = 0; time < 2; time++) await pushRows(loaded, "clicks", [click("last")], { tailBytes: 0 });
    const names = readdirSync(folder);
    expect(names.filter((name) => name.endsWith(".rolling"))).toEqual([]);
    expect(names.filter((name) => name.endsWith(".ndjson")).length).toBe(1);
    await requireWhole(loaded, lines);
  });

  it("the limit of a file's size is reached: the push fails, nothing is lost, and goes on without it", async () => {
    const loaded = await project();
    const limited = write(loaded.root, seed + 200, 1e9, (command) => [
      "bash",
      "-c",
      'ulimit -f 256; exec "$@"',
      "bash",
      ...command,
    ]);
    await until("pushes fail", () => limited.lines.filter((line) => line.startsWith("failed")).length > 3);
    await kill(limited);
    expect(limited.lines.find((line) => line.startsWith("failed"))).toMatch(
      /^failed unavailable The stream's log cannot be written: .*EFBIG/,
    );
    await requireWhole(loaded, limited.lines);
    const after = write(loaded.root, seed + 201, 1e9);
    await until("it writes again", () => after.lines.length > 10);
    await kill(after);
    expect(after.lines.filter((line) => line.startsWith("failed"))).toEqual([]);
    await requireWhole(loaded, [...limited.lines, ...after.lines]);
  });

  it("the disk is full: the push fails, nothing is lost, and goes on when there is room", async ({ skip }) => {
    const disk = mkdtempSync(path.join(tmpdir(), "skewproof-disk-"));
    if (process.platform !== "linux" || spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]).status !== 0) {
      process.stdout.write("SKIPPED: the full disk, since no file system can be mounted here.\n");
      skip();
    }
    try {
      const { root } = await project();
      cpSync(root, disk, { recursive: true });
      const loaded = await loadValidProject(disk);
      writeFileSync(path.join(disk, "ballast"), Buffer.alloc(1_500_000));
      const writer = write(disk, seed + 300, 1e9);
      await until("pushes fail", () => writer.lines.filter((line) => line.startsWith("failed")).length > 3);
      expect(writer.lines.find((line) => line.startsWith("failed"))).toMatch(/^failed unavailable .*ENOSPC.*make room/);
      rmSync(path.join(disk, "ballast"));
      await until("it writes again", () => writer.lines.slice(-3).every((line) => !line.startsWith("failed")));
      await kill(writer);
      mkdirSync(path.join(disk, ".skewproof/tmp"), { recursive: true });
      const copy = (await project()).root;
      cpSync(path.join(disk, ".skewproof"), path.join(copy, ".skewproof"), { recursive: true });
      await requireWhole({ ...loaded, root: copy }, writer.lines);
    } finally {
      process.chdir(import.meta.dirname);
      spawnSync("umount", ["-l", disk]);
    }
  });
});
