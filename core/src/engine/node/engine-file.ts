import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { SkewproofError } from "../../errors.js";
import { isAlive } from "../../processes/node/is-alive.js";
import { version } from "../../version.js";

/** Where a project's engine is reached; the file that holds it is readable by its owner alone. */
export interface EngineAddress {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly version: string;
}

/** The address of the workbench page; the token stands behind `#`, which no request carries. */
export const pageAddress = ({ url, token }: EngineAddress): string => `${url}/#token=${token}`;

const folder = (root: string): string => path.join(root, ".skewproof");
const addressFile = (root: string): string => path.join(folder(root), "engine.json");
const lockFile = (root: string): string => path.join(folder(root), "engine.lock");

function readAddress(root: string): EngineAddress | undefined {
  try {
    // Our own file, renamed into place; a damaged one is as good as none.
    return JSON.parse(readFileSync(addressFile(root), "utf8")) as EngineAddress;
  } catch {
    return undefined;
  }
}

/** The project's engine, if one of this version answers. */
export async function answeringEngine(root: string): Promise<EngineAddress | undefined> {
  const address = readAddress(root);
  if (address?.version !== version) return undefined;
  const headers = { authorization: `Bearer ${address.token}` };
  const reply = await fetch(`${address.url}/api/alive`, { headers, signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  return reply?.ok === true ? address : undefined;
}

/** Milliseconds that an engine may take until it answers. */
const patience = 30_000;

/** The address of the project's engine; a detached one is started when none answers. */
export async function ensureEngine(root: string, command: readonly string[]): Promise<EngineAddress> {
  const found = await answeringEngine(root);
  if (found !== undefined) return found;
  const log = path.join(folder(root), "engine.log");
  mkdirSync(folder(root), { recursive: true });
  const descriptor = openSync(log, "a", 0o600);
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, "engine", "--project", root], {
    cwd: root,
    detached: true,
    stdio: ["ignore", descriptor, descriptor],
  });
  closeSync(descriptor);
  child.unref();
  child.once("error", () => undefined);
  let left = patience;
  for (const until = Date.now() + patience; Date.now() < until;) {
    await sleep(50);
    const address = await answeringEngine(root);
    if (address !== undefined) return address;
    // Ended: perhaps because another was first, which then answers within moments.
    if (child.exitCode !== null) left -= 50;
    if (left < patience - 5000) break;
  }
  const said = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-5).join("\n") : "";
  throw new SkewproofError("unavailable", `The engine did not start. Its log, ${log}, ends with:\n${said || "(nothing)"}`);
}

/** Makes this process the project's engine. Throws `unavailable` while another is. */
export async function claimEngine(root: string): Promise<void> {
  mkdirSync(folder(root), { recursive: true });
  const lock = lockFile(root);
  for (const until = Date.now() + 10_000; ;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = Number(readFileSync(lock, "utf8"));
      const answers = await answeringEngine(root);
      if (answers !== undefined)
        throw new SkewproofError(
          "unavailable",
          `An engine of this project runs already, at ${answers.url} (pid ${answers.pid}).`,
        );
      // Its process has ended, or its number went to a stranger that does not answer.
      if (!isAlive(holder) || Date.now() > until) rmSync(lock, { force: true });
      await sleep(50);
      continue;
    }
    // Another process may have taken our lock for the stale one that it had read: the last writer stays.
    await sleep(100);
    if (existsSync(lock) && readFileSync(lock, "utf8") === String(process.pid)) return;
  }
}

export function publishAddress(root: string, address: EngineAddress): void {
  const temporary = `${addressFile(root)}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(address), { mode: 0o600 });
  renameSync(temporary, addressFile(root));
}

/** Takes back what `claimEngine` and `publishAddress` wrote, if it is still this process's. */
export function withdrawAddress(root: string): void {
  if (readAddress(root)?.pid === process.pid) rmSync(addressFile(root), { force: true });
  if (existsSync(lockFile(root)) && readFileSync(lockFile(root), "utf8") === String(process.pid))
    rmSync(lockFile(root), { force: true });
}
