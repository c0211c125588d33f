import { randomBytes } from "node:crypto";
import { setTimeout as later } from "node:timers/promises";

import type { KeyWriting, PartChange } from "../key-value-store.js";
import { redisKeyNames, type RedisKeyNames } from "./redis-keys.js";
import type { RedisCommand, RedisServers } from "./redis-servers.js";
import { runWorks } from "./redis-works.js";
import { headChange, headValue, writeScript } from "./redis-write-script.js";

/** Keys that are read, and then written, as one batch. */
const chunkSize = 256;
/** So many batches are under way at once: the server works on one while this process prepares the other. */
const lanes = 2;
/** Keys that one call of the script rewrites, where a server may hold them all: a fraction of a millisecond's work. */
const keysInCall = 64;
const mostTries = 200;

const versionStart = randomBytes(8).readBigUInt64LE();
let versions = 0n;
/** Never given before, in this process or in another. */
const newVersion = (): bigint => BigInt.asUintN(64, versionStart + versions++);

/**
 * Rewrites keys, each as one. What a work read is compared when its changes are written, and the work is repeated where another
 * writer came between; a work that reads nothing is not compared. Throws the server's own error.
 */
export async function writeKeys(servers: RedisServers, space: string, writings: readonly KeyWriting[]): Promise<void> {
  for (const wave of waves(writings)) {
    const failures: unknown[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < wave.length && failures.length === 0) {
        const chunk = wave.slice(next, (next += chunkSize));
        try {
          await writeChunk(servers, space, chunk);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    if (failures.length > 0) throw failures[0];
  }
}

/** A key's second writing sees what its first wrote: it comes in a later wave. */
function waves(writings: readonly KeyWriting[]): readonly (readonly KeyWriting[])[] {
  const found: KeyWriting[][] = [];
  const times = new Map<string, number>();
  for (const writing of writings) {
    const time = times.get(writing.key) ?? 0;
    times.set(writing.key, time + 1);
    (found[time] ??= []).push(writing);
  }
  return found;
}

interface Rewrite {
  readonly writing: KeyWriting;
  readonly names: RedisKeyNames;
  readonly changes: readonly PartChange[];
  readonly version: string | undefined;
}

async function writeChunk(servers: RedisServers, space: string, writings: readonly KeyWriting[]): Promise<void> {
  let left = writings;
  for (let tries = 1; left.length > 0; tries++) {
    if (tries > mostTries) throw new Error(`ERR other writers change ${left.length} keys faster than they can be written`);
    // The more writers meet at a key, the further they are moved apart.
    if (tries > 1) await later(Math.random() * Math.min(2 ** tries, 50));
    const rewrites: Rewrite[] = [];
    const failures: Error[] = [];
    const works = left.map((writing) => ({ writing, names: redisKeyNames(space, writing.key), work: writing.work }));
    await runWorks(servers, works, (place, outcome) => {
      const work = works[place];
      if (outcome instanceof Error) failures.push(outcome);
      else if (work !== undefined && outcome.result.length > 0)
        rewrites.push({ writing: work.writing, names: work.names, changes: outcome.result, version: outcome.version });
    });
    if (failures[0] !== undefined) throw failures[0];
    left = await writeAll(servers, rewrites);
  }
}

/** Answers with what other writers came before. */
async function writeAll(servers: RedisServers, rewrites: readonly Rewrite[]): Promise<readonly KeyWriting[]> {
  const heads: { readonly name: string; readonly value: Uint8Array }[] = [];
  const compared: Rewrite[] = [];
  for (const rewrite of rewrites) {
    const { names, changes, version } = rewrite;
    const [only] = changes;
    if (
      version === undefined &&
      names.text === undefined &&
      changes.length === 1 &&
      only?.part === "" &&
      only.value !== undefined
    )
      heads.push({ name: names.head, value: only.value });
    else compared.push(rewrite);
  }
  const perCall = servers.spreads ? 1 : keysInCall;
  const sets = inGroups(heads, perCall).map((group): RedisCommand => ({
    name: group[0]?.name ?? "",
    args: ["MSET", ...group.flatMap(({ name, value }) => [name, headValue(newVersion(), value)])],
  }));
  const calls = inGroups(compared, perCall);
  const scripts = calls.map(scriptCall);
  const answers = await servers.send([...sets, ...scripts.map(({ keys, values }) => evalCommand("EVALSHA", keys, values))]);
  const unknown = scripts.filter((_, at) => isUnknownScript(answers[sets.length + at]));
  const again = await servers.send(unknown.map(({ keys, values }) => evalCommand("EVAL", keys, values)));
  const refused: KeyWriting[] = [];
  let next = 0;
  for (const [at, first] of answers.entries()) {
    const answer = isUnknownScript(first) ? again[next++] : first;
    if (answer instanceof Error) throw answer;
    // The script's answer is the places that it refused.
    if (at >= sets.length)
      for (const place of answer as number[]) {
        const rewrite = calls[at - sets.length]?.[place - 1];
        if (rewrite !== undefined) refused.push(rewrite.writing);
      }
  }
  return refused;
}

export function inGroups<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}

const isUnknownScript = (answer: unknown): boolean => answer instanceof Error && answer.message.startsWith("NOSCRIPT");

function evalCommand(command: "EVAL" | "EVALSHA", keys: readonly string[], values: readonly Buffer[]): RedisCommand {
  const script = command === "EVAL" ? writeScript.text : writeScript.digest;
  return { name: keys[0] ?? "", args: [command, script, keys.length, ...keys, ...values] };
}

function scriptCall(rewrites: readonly Rewrite[]): { readonly keys: string[]; readonly values: Buffer[] } {
  const keys: string[] = [];
  const values: Buffer[] = [];
  for (const { names, changes, version, writing } of rewrites) {
    const head = changes.findLast(({ part }) => part === "");
    const parts = new Map<string, Uint8Array | undefined>();
    for (const { part, value } of changes) if (part !== "") parts.set(names.part(part), value);
    if (names.text !== undefined)
      parts.set(
        names.text,
        head !== undefined && head.value === undefined ? undefined : Buffer.from(JSON.stringify(writing.key)),
      );
    keys.push(names.head, ...parts.keys());
    values.push(headChange(version, parts.size, head === undefined ? "keep" : (head.value ?? "remove"), newVersion()));
    for (const value of parts.values()) values.push(value === undefined ? removed : Buffer.concat([stands, value]));
  }
  return { keys, values };
}

const stands = Buffer.from("s");
const removed = Buffer.from("d");
