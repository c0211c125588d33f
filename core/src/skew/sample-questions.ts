import type { OnlineView } from "../online/online-view.js";
import type { FeatureService } from "../registry/bound-project.js";
import { fromJsonValue } from "../values/json-value.js";
import type { Row, Value } from "../values/value.js";
import type { ValueType } from "../values/value-type.js";

export interface Question {
  readonly entities: Row;
  readonly request: Row;
  /** Microseconds. */
  readonly at: bigint;
}

/** Numbers of [0, 1) that follow from a seed (Marsaglia's xorshift, 32 bits). */
export function seededNumbers(seed: number): () => number {
  let state = (seed | 0) ^ 0x9e3779b9 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * Questions about keys that the store has: each takes a key of the view whose turn it is, and its other keys from the
 * other views' samples. Half are asked at `from`, when the store was brought up to date; the rest later, so that windows
 * and ttls run out.
 */
export function sampleQuestions(
  service: FeatureService,
  samples: readonly { readonly online: OnlineView; readonly keys: readonly string[] }[],
  count: number,
  from: bigint,
  random: () => number,
): Question[] {
  const withKeys = samples.filter(({ keys }) => keys.length > 0);
  const reach = samples.reduce((most, { online }) => {
    const { ttl, refresh } = online.view;
    const own = (online.retention === "unbounded" ? 0n : online.retention) + (ttl ?? 0n) + (refresh?.every ?? 0n);
    return own > most ? own : most;
  }, 3_600_000_000n);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  return Array.from({ length: count }, (_, index) => {
    const entities: Record<string, Value> = {};
    const turn = withKeys[index % Math.max(1, withKeys.length)];
    for (const { online, keys } of turn === undefined ? [] : [turn, ...withKeys.filter((one) => one !== turn)]) {
      const key = pick(keys);
      if (key === undefined) continue;
      // `keyText` wrote it.
      const parts = JSON.parse(key) as unknown[];
      for (const [at, { key: name, type }] of online.view.keys.entries()) entities[name] ??= fromJsonValue(parts[at], type);
    }
    for (const { name } of service.keys) entities[name] ??= null;
    const at = random() < 0.5 ? from : from + BigInt(Math.floor(random() * 1.1 * Number(reach)));
    const request = Object.fromEntries(service.request.map(({ name, type }) => [name, requestValue(type, at, random)]));
    return { entities, request, at };
  });
}

function requestValue(type: ValueType, at: bigint, random: () => number): Value {
  if (random() < 0.05) return null;
  switch (type.kind) {
    case "bool":
      return random() < 0.5;
    case "int64":
      return BigInt(Math.floor(random() * 1000) - 100);
    case "float64":
      return Math.round(random() * 100_000) / 100 - 50;
    case "decimal":
      return BigInt(Math.floor(random() * 10 ** Math.min(6, type.precision)));
    case "string":
      return ["", "a", "B", "é", "10"][Math.floor(random() * 5)] ?? "";
    case "timestamp":
      return at + BigInt(Math.floor(random() * 7_200_000_000));
    case "date":
      return Math.floor(Number(at / 86_400_000_000n));
    default:
      return null;
  }
}
