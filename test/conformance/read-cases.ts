import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import { parse } from "yaml";

import type { Case, Cell, DefinitionText, Table } from "./case.js";
import { shuffled, randomFrom, type Random } from "./seeded-random.js";

/** A template of noise rows: each cell is a value, or `{ among: […] }`, or `{ from, to }` (whole numbers, both included). */
interface Noise {
  readonly rows: bigint;
  readonly seed: bigint;
  readonly like: readonly (Cell | { readonly among: readonly Cell[] } | { readonly from: bigint; readonly to: bigint })[];
}

interface CaseText {
  readonly id: string;
  readonly title: string;
  /** Merged over the file's definitions, key by key; null takes a key or a definition away. */
  readonly define?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly rows?: Readonly<Record<string, Table["rows"]>>;
  readonly noise?: Readonly<Record<string, Noise>>;
  /** The labels' cells and then the features', in label order: the table as it must come out. */
  readonly result?: Table["rows"];
  readonly labels?: Table["rows"];
  /** How often the result's rows follow one another; default once. */
  readonly repeat?: bigint;
  readonly error?: { readonly code: string | readonly string[]; readonly message: string };
  readonly options?: Partial<Case["options"]>;
  readonly labels_file?: string;
  readonly labels_sql?: string;
  readonly command_line?: boolean;
  readonly fails_today?: string;
}

/** What the cases of a file share. `columns.labels` are those of the labels. */
interface CaseFile {
  readonly rule: string;
  readonly definitions: Readonly<Record<string, DefinitionText>>;
  readonly columns: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly rows?: Readonly<Record<string, Table["rows"]>>;
  readonly cases: readonly CaseText[];
}

/** Every case file: its rule and its cases. Throws when an id comes twice. */
export function readCases(): { readonly rule: string; readonly cases: readonly Case[] }[] {
  const folder = path.join(import.meta.dirname, "cases");
  const files = globSync("*.yaml", { cwd: folder }).sort();
  const read = files.map((name) => {
    const file = parse(readFileSync(path.join(folder, name), "utf8"), { intAsBigInt: true }) as CaseFile;
    return { rule: file.rule, cases: file.cases.map((one) => complete(file, one)) };
  });
  const ids = read.flatMap(({ cases }) => cases.map(({ id }) => id));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`There are two cases ${twice}.`);
  return read;
}

function complete(file: CaseFile, text: CaseText): Case {
  const definitions: Record<string, DefinitionText> = { ...file.definitions };
  for (const [name, change] of Object.entries(text.define ?? {})) {
    const before: object = definitions[name] ?? {};
    const merged = Object.entries({ ...before, ...change }).filter(([, value]) => value !== null);
    // Case files are our own; what is no definition is refused by the engine under test.
    if (change === null) Reflect.deleteProperty(definitions, name);
    else definitions[name] = Object.fromEntries(merged) as unknown as DefinitionText;
  }
  const columns = { ...file.columns, ...text.columns };
  const rows = { ...file.rows, ...text.rows };
  const { labels: labelColumns = {}, ...sourceColumns } = columns;
  const width = Object.keys(labelColumns).length;
  const sources = Object.entries(sourceColumns).flatMap(([name, of]): [string, Table][] =>
    name in definitions ? [[name, { columns: of, rows: withNoise(rows[name] ?? [], text.noise?.[name]) }]] : [],
  );
  const { code = "", message = "" } = text.error ?? {};
  const result = Array.from({ length: Number(text.repeat ?? 1) }, () => text.result ?? []).flat();
  return {
    id: text.id,
    title: text.title,
    definitions,
    sources: Object.fromEntries(sources),
    labels: { columns: labelColumns, rows: text.labels ?? result.map((row) => row.slice(0, width)) },
    labelsFile: text.labels_file ?? "labels.parquet",
    options: { service: "s", time: "event_timestamp", ...text.options },
    commandLine: text.command_line ?? false,
    expected: text.error === undefined ? result : { codes: [code].flat(), message },
    ...(text.labels_sql === undefined ? {} : { labelsSql: text.labels_sql }),
    ...(text.fails_today === undefined ? {} : { failsToday: text.fails_today }),
  };
}

function withNoise(rows: Table["rows"], noise: Noise | undefined): Table["rows"] {
  if (noise === undefined) return rows;
  const random = randomFrom(Number(noise.seed));
  const more = Array.from({ length: Number(noise.rows) }, () => noise.like.map((cell) => noiseCell(cell, random)));
  return shuffled([...rows, ...more], random);
}

function noiseCell(cell: Noise["like"][number], random: Random): Cell {
  if (cell === null || typeof cell !== "object") return cell;
  if ("among" in cell) return cell.among[random(cell.among.length)] ?? null;
  return "from" in cell ? cell.from + BigInt(random(Number(cell.to - cell.from) + 1)) : cell;
}
