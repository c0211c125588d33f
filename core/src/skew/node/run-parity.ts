import { SkewproofError } from "../../errors.js";
import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import { toDuckdbType } from "../../offline/duckdb-type.js";
import { openDuckdb, type DuckdbSession } from "../../offline/node/duckdb-session.js";
import { pointInTimeRows } from "../../offline/node/point-in-time-rows.js";
import { noFacts } from "../../offline/point-in-time-query.js";
import { identifier } from "../../offline/sql.js";
import type { OnlineStore } from "../../online/key-value-store.js";
import { openKeyValueStore } from "../../online/node/open-key-value-store.js";
import { spacesOf } from "../../online/node/space-of.js";
import { createFeatureReader, type FeatureReader, type FeatureRow } from "../../online/read-features.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { requireService } from "../../registry/find.js";
import type { LoadedProject } from "../../registry/node/load-project.js";
import { toJsonValue } from "../../values/json-value.js";
import { printTimestamp } from "../../values/timestamp-text.js";
import type { Row, Value } from "../../values/value.js";
import { equalWithin, toleranceOf } from "../compare-served.js";
import type { ParityExample, ParityFeature, ParityReport } from "../parity-report.js";
import { sampleQuestions, seededNumbers, type Question } from "../sample-questions.js";
import { differingOperator } from "./differing-operator.js";

export interface ParityOptions {
  readonly service: string;
  /** Pairs of key and moment; default 1,000. */
  readonly sample?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly progress?: (message: string) => void;
}

const mostExamples = 5;
const moment = { kind: "timestamp" } as const;

/**
 * Reads real keys from the online store at the moment it was brought up to date and at later ones, computes the same
 * offline from the rows that were visible by then, and compares. Throws `missing` for a view that was never materialized.
 */
export async function runParity(loaded: LoadedProject, options: ParityOptions): Promise<ParityReport> {
  const { sample = 1000, seed, signal, progress = () => undefined } = options;
  const service = requireService(loaded.project, options.service);
  await using session = await openDuckdb({ root: loaded.root });
  const store = await openKeyValueStore(loaded, { readOnly: true });
  try {
    const reader = createFeatureReader(service, store, spacesOf(loaded.project.name));
    const marks = await marksOf(store, reader);
    const from = [...marks.values()].reduce((a, b) => (a > b ? a : b), 0n);
    const random = seededNumbers(seed);
    progress(`Drawing ${sample} keys and moments`);
    const samples = [];
    for (const { online, space } of reader.views)
      samples.push({ online, keys: await drawKeys(store, space, sample, random, signal) });
    const questions = sampleQuestions(service, samples, sample, from, random);
    progress("Reading online");
    const online = await readOnline(reader, questions);
    progress("Computing offline");
    const offline = await computeOffline(session, service, questions, marks, signal);
    return await compare(session, service, { questions, online, offline, marks, seed });
  } finally {
    await store.close();
  }
}

/** By view: up to when the store holds its rows. */
async function marksOf(store: OnlineStore, reader: FeatureReader): Promise<Map<string, bigint>> {
  const marks = new Map<string, bigint>();
  for (const { online, space } of reader.views) {
    const until = (await store.record(space))?.materializedUntil;
    if (until === undefined)
      throw new SkewproofError(
        "missing",
        `${online.view.name} is not materialized as it is defined now. Run \`skewproof materialize ${online.view.name}\`.`,
      );
    marks.set(online.view.name, until);
  }
  return marks;
}

/** A uniform sample of a space's keys, by one pass (Vitter's algorithm R). */
async function drawKeys(
  store: OnlineStore,
  space: string,
  count: number,
  random: () => number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const drawn: string[] = [];
  let seen = 0;
  let last: string | undefined;
  for (;;) {
    const page = await store.keys(space, 5000, last);
    if (page.length === 0) return drawn;
    signal?.throwIfAborted();
    for (const key of page) {
      const place = seen < count ? seen : Math.floor(random() * (seen + 1));
      if (place < count) drawn[place] = key;
      seen++;
    }
    last = page.at(-1);
  }
}

async function readOnline(reader: FeatureReader, questions: readonly Question[]): Promise<FeatureRow[]> {
  const rows: FeatureRow[] = [];
  for (const question of questions) rows.push(...(await reader.read([question], question.at)));
  return rows;
}

/** The features of every question, by the very query that makes training sets, from what was visible by the marks. */
async function computeOffline(
  session: DuckdbSession,
  service: FeatureService,
  questions: readonly Question[],
  visibleUntil: ReadonlyMap<string, bigint>,
  signal: AbortSignal | undefined,
): Promise<Value[][]> {
  const columns = [...service.keys, ...service.request, { name: "_at", type: moment }];
  const declared = columns.map(({ name, type }) => `${identifier(name)} ${toDuckdbType(type)}`);
  await session.run(`CREATE OR REPLACE TEMP TABLE _asked (${declared.join(", ")})`);
  for (let start = 0; start < questions.length; start += 1000) {
    const lines = questions.slice(start, start + 1000).map(({ entities, request, at }) => {
      const row: Row = { ...request, ...entities, _at: at };
      return `(${columns.map(({ name, type }) => literalToDuckdb(row[name] ?? null, type)).join(", ")})`;
    });
    await session.run(`INSERT INTO _asked VALUES ${lines.join(", ")}`, signal);
  }
  const request = { service, labelColumns: columns, time: "_at" };
  const rows = await pointInTimeRows(session, request, "_asked", signal, { ...noFacts, visibleUntil });
  return rows.map((row) => row.slice(columns.length));
}

interface Compared {
  readonly questions: readonly Question[];
  readonly online: readonly FeatureRow[];
  readonly offline: readonly (readonly Value[])[];
  readonly marks: ReadonlyMap<string, bigint>;
  readonly seed: number;
}

async function compare(
  session: DuckdbSession,
  service: FeatureService,
  { questions, online, offline, marks, seed }: Compared,
): Promise<ParityReport> {
  const wrong = new Set<number>();
  const features: ParityFeature[] = [];
  for (const [index, one] of service.features.entries()) {
    const tolerance = toleranceOf(one);
    const examples: ParityExample[] = [];
    let different = 0;
    for (const [row, question] of questions.entries()) {
      const [was, is] = [online[row]?.values[index] ?? null, offline[row]?.[index] ?? null];
      if (equalWithin(was, is, tolerance)) continue;
      different++;
      wrong.add(row);
      if (examples.length >= mostExamples) continue;
      const named = Object.fromEntries(service.features.map(({ name }, at) => [name, online[row]?.values[at] ?? null]));
      const found = await differingOperator(
        session,
        one,
        question,
        { value: was, row: named },
        (view) => marks.get(view.name) ?? 0n,
      );
      const shown = (columns: FeatureService["keys"], values: Row): Record<string, unknown> =>
        Object.fromEntries(columns.map(({ name, type }) => [name, toJsonValue(values[name] ?? null, type)]));
      examples.push({
        entities: shown(service.keys, question.entities),
        request: shown(service.request, question.request),
        at: printTimestamp(question.at),
        online: toJsonValue(was, one.feature.type),
        offline: toJsonValue(is, one.feature.type),
        ...found,
      });
    }
    features.push({ feature: one.name, compared: questions.length, different, examples });
  }
  return {
    service: service.name,
    compared: questions.length,
    equal: questions.length - wrong.size,
    different: wrong.size,
    seed,
    materializedUntil: Object.fromEntries([...marks].map(([view, until]) => [view, printTimestamp(until)])),
    features,
  };
}
