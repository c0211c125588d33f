import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

import { SkewproofError } from "../../errors.js";
import { syncFile, syncFolder } from "../../files/node/durable.js";
import { openDuckdb } from "../../offline/node/duckdb-session.js";
import { stringLiteral } from "../../offline/sql.js";
import { isAlive } from "../../processes/node/is-alive.js";
import { digestFile } from "../../runs/node/digest.js";
import { logFiles, segmentName } from "../log-files.js";
import { tailRows } from "../stream-sql.js";
import { summary } from "../tail-lines.js";
import type { Exclusion } from "./exclusion.js";
import { nextOf } from "./tail-file.js";

/** Bytes that rolling may use; a tail is far smaller. */
const memoryLimit = 512e6;

/**
 * Makes Parquet of every tail that is closed and whose ids are `kept`. What a process that ended left half-done is
 * removed and done again; of two processes that do the same at once, one's file becomes the segment.
 */
export async function rollTails(root: string, folder: string, exclusion: Exclusion, kept?: () => bigint): Promise<void> {
  removeLeftovers(folder);
  for (const { kind, name, first } of logFiles(readdirSync(folder))) {
    if (kind !== "tail") continue;
    const next = nextOf(path.join(folder, name));
    if (next !== undefined && (kept === undefined || next - 1n <= kept()))
      await rollTail(root, folder, { name, first, last: next - 1n }, exclusion);
  }
}

async function rollTail(
  root: string,
  folder: string,
  { name, first, last }: { readonly name: string; readonly first: bigint; readonly last: bigint },
  exclusion: Exclusion,
): Promise<void> {
  const tail = path.join(folder, name);
  const temporary = path.join(folder, `${process.pid}-${name}.rolling`);
  try {
    const { columns } = summary(tail, readFileSync(tail, "utf8"));
    await using session = await openDuckdb({ root, memoryLimit });
    await session.run(
      `COPY (${tailRows(tail, columns)} ORDER BY _position) TO ${stringLiteral(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    const [[from, to, rows] = []] = await session.rows(
      `SELECT min(_position), max(_position), count(*) FROM read_parquet(${stringLiteral(temporary)})`,
    );
    if (from !== first || to !== last || rows !== last - first + 1n)
      throw new SkewproofError(
        "corrupt",
        `${tail} should hold the rows ${first} to ${last}, and does not. Restore it from a copy.`,
      );
    syncFile(temporary);
    const segment = path.join(folder, segmentName(first, last, await digestFile(temporary)));
    exclusion.exclusively(() => {
      if (!existsSync(tail)) return;
      if (!isRolled(folder, first)) {
        renameSync(temporary, segment);
        syncFolder(folder);
      }
      rmSync(tail);
    });
  } catch (error) {
    // Another process has rolled it meanwhile.
    if (existsSync(tail)) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

const isRolled = (folder: string, first: bigint): boolean =>
  logFiles(readdirSync(folder)).some((file) => file.kind !== "tail" && file.first === first);

/** Halves of processes that ended, and tails that stand beside their segment. */
function removeLeftovers(folder: string): void {
  const names = readdirSync(folder);
  for (const name of names) {
    const pid = /^(\d+)-\d{19}\.ndjson\.rolling$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(path.join(folder, name), { force: true });
  }
  const standing = new Set(logFiles(names).map(({ name }) => name));
  for (const name of names)
    if (/^\d{19}\.ndjson$/.test(name) && !standing.has(name)) rmSync(path.join(folder, name), { force: true });
}
