import { rmSync } from "node:fs";
import path from "node:path";

import { literalToDuckdb } from "skewproof/expressions/to-duckdb";
import { toDuckdbType } from "skewproof/offline/duckdb-type";
import { openDuckdb, type DuckdbSession } from "skewproof/offline/node/duckdb-session";
import { identifier } from "skewproof/offline/sql";
import { materialize } from "skewproof/online/node/materialize";
import { openKeyValueStore } from "skewproof/online/node/open-key-value-store";
import { spacesOf } from "skewproof/online/node/space-of";
import { createFeatureReader } from "skewproof/online/read-features";
import type { FeatureService, ServiceFeature } from "skewproof/registry/bound-project";
import { loadValidProject, type LoadedProject } from "skewproof/registry/node/load-project";
import { fromJsonValue } from "skewproof/values/json-value";
import { parseTimestamp } from "skewproof/values/timestamp-text";
import type { Row, Value } from "skewproof/values/value";
import type { Column, ValueType } from "skewproof/values/value-type";

import { writeTrainingSet } from "./duckdb-engine.js";
import type { OfflineEngine } from "./offline-engine.js";
import { readTable } from "./table-files.js";

/**
 * The online path as if it were an offline engine: at each moment of the labels, in order, the store is materialized
 * until then and read. The labels' own cells, and the features of labels without a moment, are those of the training
 * set; nobody can ask online without a moment.
 */
export const onlineEngine: OfflineEngine = async (project, labels, options) => {
  const file = await writeTrainingSet(project, labels, options);
  const table = await readTable(file);
  rmSync(path.join(project, ".skewproof/online"), { recursive: true, force: true });
  const loaded = await loadValidProject(project);
  const features = asked(loaded, options);
  const service = { ...serviceNamed(loaded, options.service), features, ambiguous: [] };
  await using session = await openDuckdb({ root: project });
  const given = await requests(session, file, service, options.time);
  const rows = table.rows.map((row) => [...row]);
  const first = table.columns.length - features.length;
  for (const moment of [...new Set(given.flatMap(({ at }) => (at === null ? [] : [at])))].sort((a, b) => (a < b ? -1 : 1))) {
    const now = given.flatMap((one, row) => (one.at === moment ? [{ ...one, row }] : []));
    const answers = await readAt(loaded, service, now, moment);
    const texts = await asCells(
      session,
      answers.map(({ values }) => values),
      features,
    );
    for (const [index, { row }] of now.entries()) rows[row]?.splice(first, features.length, ...(texts[index] ?? []));
  }
  return { ...table, rows };
};

function serviceNamed(loaded: LoadedProject, name: string): FeatureService {
  const service = loaded.project.services.get(name);
  if (service === undefined) throw new Error(`No service ${name}.`);
  return service;
}

/** The features asked for, under the names they have in the training set. */
function asked(loaded: LoadedProject, { service, features, full_names }: Parameters<OfflineEngine>[2]): ServiceFeature[] {
  const all = serviceNamed(loaded, service).features.map((one) => ({ ...one, full: `${one.view.name}.${one.name}` }));
  const chosen = features?.flatMap((name) => all.filter((one) => [one.name, one.full].includes(name))) ?? all;
  return chosen.map(({ name, view, feature }) => ({
    name: full_names === true ? `${view.name}__${name}` : name,
    view,
    feature,
  }));
}

interface Given {
  readonly entities: Row;
  readonly request: Row;
  readonly at: bigint | null;
}

/** What each label asks, by the service's types; columns that the labels lack, and text that is no such value, are null. */
async function requests(session: DuckdbSession, file: string, service: FeatureService, time: string): Promise<Given[]> {
  const there = new Map((await session.describe(`SELECT * FROM read_parquet('${file}')`)).map(({ name, type }) => [name, type]));
  const columns = [...service.keys, ...service.request].filter(({ name }) => there.has(name));
  const isText = ({ name, type }: Column): boolean => there.get(name)?.kind === "string" && type.kind !== "string";
  const typed = columns.map((column) =>
    isText(column) ? identifier(column.name) : `TRY_CAST(${identifier(column.name)} AS ${toDuckdbType(column.type)})`,
  );
  const moment = `strftime(CAST(CAST(${identifier(time)} AS TIMESTAMPTZ) AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%fZ')`;
  const rows = await session.rows(`SELECT ${[...typed, moment].join(", ")} FROM read_parquet('${file}')`);
  return rows.map((row) => {
    const named = Object.fromEntries(
      columns.map((column, index) => [column.name, isText(column) ? parsed(row[index], column.type) : (row[index] ?? null)]),
    );
    const at = row.at(-1);
    return { entities: named, request: named, at: typeof at === "string" ? (parseTimestamp(at) ?? null) : null };
  });
}

function parsed(text: unknown, type: ValueType): Value {
  try {
    return fromJsonValue(text, type);
  } catch {
    return null;
  }
}

async function readAt(loaded: LoadedProject, service: FeatureService, given: readonly Given[], at: bigint) {
  await materialize(loaded, { until: at });
  const store = await openKeyValueStore(loaded, { readOnly: true });
  try {
    return await createFeatureReader(service, store, spacesOf(loaded.project.name)).read(given, at);
  } finally {
    await store.close();
  }
}

/** Values as the text that DuckDB makes of them, by row. */
async function asCells(
  session: DuckdbSession,
  rows: readonly (readonly Value[])[],
  features: readonly ServiceFeature[],
): Promise<readonly (string | null)[][]> {
  const selects = rows.map((values, row) =>
    [
      `SELECT ${row} AS r`,
      ...features.map(({ feature: { type } }, index) => {
        const stored = toDuckdbType(type);
        return `CAST(CAST(${literalToDuckdb(values[index] ?? null, type)} AS ${stored}) AS VARCHAR)`;
      }),
    ].join(", "),
  );
  const found = await session.rows(`SELECT * FROM (${selects.join(" UNION ALL ")}) ORDER BY r`);
  return found.map((row) => row.slice(1).map((cell) => (typeof cell === "string" ? cell : null)));
}
