import type { Bytes, KeyWork } from "../key-value-store.js";
import { workStep } from "../work-step.js";
import type { RedisKeyNames } from "./redis-keys.js";
import type { RedisServers } from "./redis-servers.js";
import { headStart, versionSize } from "./redis-write-script.js";

export interface RedisWork<T> {
  readonly names: RedisKeyNames;
  readonly work: () => KeyWork<T>;
}

/** `version` is the head's when it was read, empty where nothing stood; undefined where the work read nothing. */
export type WorkOutcome<T> = { readonly result: T; readonly version: string | undefined } | Error;

/** How often a work begins anew because a writer came between its rounds. */
const mostBeginnings = 20;

/**
 * Runs the works, each round as one batch, and gives each outcome to `settle` as soon as it is there. A round after the first
 * reads the head with it: where its version is another, what the work saw was not one state, and it begins anew.
 */
export async function runWorks<T>(
  servers: Pick<RedisServers, "read">,
  works: readonly RedisWork<T>[],
  settle: (place: number, outcome: WorkOutcome<T>) => void,
): Promise<void> {
  let running: Running<T>[] = [];
  const go = (place: number, work: RedisWork<T>, generator: KeyWork<T>, values: Values | undefined, seen: Seen): void => {
    const step = workStep(generator, values);
    if (step.done === true) settle(place, { result: step.value, version: seen.version });
    else running.push({ place, work, generator, parts: step.value, ...seen });
  };
  for (const [place, work] of works.entries()) go(place, work, work.work(), undefined, { version: undefined, beginnings: 1 });
  while (running.length > 0) {
    const round = running;
    running = [];
    const answers = await servers.read(
      round.map(({ work: { names }, parts }) => [names.head, ...parts.filter((part) => part !== "").map(names.part)]),
    );
    for (const [index, { place, work, generator, parts, version, beginnings }] of round.entries()) {
      const answer = answers[index];
      if (answer === undefined || answer instanceof Error) {
        settle(place, answer ?? new Error("The connection was lost."));
        continue;
      }
      const [head, ...others] = answer;
      const now = head?.toString("latin1", 0, versionSize) ?? "";
      if (version !== undefined && version !== now) {
        if (beginnings === mostBeginnings) settle(place, new Error("The key changes faster than it can be read."));
        else go(place, work, work.work(), undefined, { version: undefined, beginnings: beginnings + 1 });
        continue;
      }
      let next = 0;
      const values = parts.map((part): Bytes | undefined => {
        if (part !== "") return others[next++] ?? undefined;
        return head === null || head === undefined || head.length < headStart ? undefined : head.subarray(headStart);
      });
      go(place, work, generator, values, { version: now, beginnings });
    }
  }
}

type Values = readonly (Bytes | undefined)[];

interface Seen {
  readonly version: string | undefined;
  readonly beginnings: number;
}

interface Running<T> extends Seen {
  readonly place: number;
  readonly work: RedisWork<T>;
  readonly generator: KeyWork<T>;
  readonly parts: readonly string[];
}
