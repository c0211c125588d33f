import { randomBytes } from "node:crypto";
import { setTimeout as later } from "node:timers/promises";

import type { KeyWriting, PartChange } from "../key-value-store.js";
import { redisKeyNames, type RedisKeyNames } from "./redis-keys.js";
import type { RedisCommand, RedisServers } from "./redis-servers.js";
import { runWorks } from "./redis-works.js";
import { versionSize, writeScript } from "./redis-write-script.js";

/** Keys that are read, and then written, as one batch. */
const chunkSize = 256;
/** So many batches are under way at once: the server works on one while this process prepares the other. */
const lanes = 2;
/** Keys that one call of the script rewrites, where a server may hold them all: a fraction of a millisecond's work. */
const keysInCall = 64;
const mostTries = 200;

const versionStart = randomBytes(versionSize).readBigUInt64LE();
let versions = 0n;
/** Never given before, in this process or in another. */
function newVersion(): Buffer {
  const version = Buffer.allocUnsafe(versionSize);
  version.writeBigUInt64LE(BigInt.asUintN(64, versionStart + versions++));
  return version;
}

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
  const blind: RedisCommand[] = [];
  const calls: Rewrite[][] = [];
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
      blind.push({ name: names.head, args: ["SET", names.head, headValue(only.value, newVersion())] });
    else {
      const last = calls.at(-1);
      if (last === undefined || servers.spreads || last.length >= keysInCall) calls.push([rewrite]);
      else last.push(rewrite);
    }
  }
  const scripts = calls.map(scriptCall);
  const answers = await servers.send([...blind, ...scripts.map(({ keys, values }) => evalCommand("EVALSHA", keys, values))]);
  const unknown = scripts.filter((_, at) => isUnknownScript(answers[blind.length + at]));
  const again = await servers.send(unknown.map(({ keys, values }) => evalCommand("EVAL", keys, values)));
  const refused: KeyWriting[] = [];
  let next = 0;
  for (const [at, first] of answers.entries()) {
    const answer = isUnknownScript(first) ? again[next++] : first;
    if (answer instanceof Error) throw answer;
    // The script's answer is the places that it refused.
    if (at >= blind.length)
      for (const place of answer as number[]) {
        const rewrite = calls[at - blind.length]?.[place - 1];
        if (rewrite !== undefined) refused.push(rewrite.writing);
      }
  }
  return refused;
}

const isUnknownScript = (answer: unknown): boolean => answer instanceof Error && answer.message.startsWith("NOSCRIPT");

function evalCommand(command: "EVAL" | "EVALSHA", keys: readonly string[], values: readonly (string | Buffer)[]): RedisCommand {
  const script = command === "EVAL" ? writeScript.text : writeScript.digest;
  return { name: keys[0] ?? "", args: [command, script, keys.length, ...keys, ...values] };
}

function scriptCall(rewrites: readonly Rewrite[]): { readonly keys: string[]; readonly values: (string | Buffer)[] } {
  const keys: string[] = [];
  const values: (string | Buffer)[] = [];
  for (const { names, changes, version, writing } of rewrites) {
    const head = changes.findLast(({ part }) => part === "");
    const parts = new Map(changes.filter(({ part }) => part !== "").map(({ part, value }) => [names.part(part), value]));
    if (names.text !== undefined)
      if (head === undefined || head.value !== undefined) parts.set(names.text, Buffer.from(JSON.stringify(writing.key)));
      else parts.set(names.text, undefined);
    const fresh = newVersion();
    keys.push(names.head, ...parts.keys());
    values.push(version === undefined ? "*" : Buffer.from(version, "latin1"), fresh, String(parts.size));
    if (head === undefined) values.push("v");
    else values.push(head.value === undefined ? "d" : Buffer.concat([setMark, headValue(head.value, fresh)]));
    for (const value of parts.values()) values.push(value === undefined ? "d" : Buffer.concat([setMark, value]));
  }
  return { keys, values };
}

const setMark = Buffer.from("s");
const present = Buffer.from([1]);
const headValue = (value: Uint8Array, version: Buffer): Buffer => Buffer.concat([version, present, value]);
