import type { Cell, FeatureText, Question } from "./case.js";
import { askedFeatures } from "./asked-features.js";
import { meanings } from "./expression-catalogue.js";
import {
  decimalScale,
  finite,
  floor,
  microseconds,
  readCell,
  readMoment,
  readRows,
  show,
  widen,
  type Row,
  type Value,
} from "./oracle-values.js";

/** Contracts §3 word by word, row by row, in no hurry, and with no code of the product: the label's cells, then the features. */
export function oracle(question: Question): Cell[][] {
  const { definitions, sources, labels, options } = question;
  const rowsOf = Object.fromEntries(Object.entries(sources).map(([name, table]) => [name, readRows(table)]));
  const wanted = askedFeatures(question);
  const asked = readRows(labels);
  return labels.rows.map((cells, index) => {
    const label = asked[index] ?? {};
    const at = label[options.time] ?? null;
    const t = typeof at === "string" ? readMoment(at) : (at as bigint | null);
    const stored = (name: string): Row => viewAt(name, question, rowsOf, label, t);
    return [
      ...cells,
      ...wanted.map(({ view: name, feature }) => {
        const view = definitions[name];
        if (view?.kind === "feature_view") return show(stored(name)[feature.name] ?? null, feature.type);
        const { request = {}, inputs = [] } = view?.kind === "on_demand_view" ? view : {};
        const given = Object.entries(request).map(([column, type]): [string, Value] => [
          column,
          widen(label[column] ?? null, type),
        ]);
        const scope = Object.fromEntries([...given, ...inputs.flatMap((input) => Object.entries(stored(input)))]);
        return show(evaluate(feature, scope), feature.type);
      }),
    ];
  });
}

/** All features of a stored view for one label; `rowsOf` are the rows of each source. */
function viewAt(
  name: string,
  { definitions, sources }: Question,
  rowsOf: Readonly<Record<string, readonly Row[]>>,
  label: Row,
  t: bigint | null,
): Row {
  const view = definitions[name];
  if (view?.kind !== "feature_view") throw new Error(`${name} is no feature view.`);
  const { features, keys: renamed = {}, refresh, ttl } = view;
  const source = definitions[view.source];
  const { event_time, known_at, tie_break } = source?.kind === "source" ? source : {};
  const entities = view.entities ?? (view.entity === undefined ? [] : [view.entity]);
  const keys = entities.map((entity) => definitions[entity]).flatMap((entity) => (entity?.kind === "entity" ? entity.keys : []));
  const nothing = Object.fromEntries(features.map((feature) => [feature.name, null]));
  // 3.6: a null key or a null t gives null.
  if (t === null || keys.some((key) => (label[key.name] ?? null) === null)) return nothing;

  // 3.1: the cut-off c, and which rows are visible.
  const every = refresh === undefined ? 1n : microseconds(refresh.every);
  const delay = refresh?.delay === undefined ? 0n : microseconds(refresh.delay);
  const c = refresh === undefined ? t : floor(t - delay, every) * every;
  const windowed = features.some(({ aggregate }) => aggregate !== undefined);
  const event = (row: Row): bigint | null => (event_time === undefined ? always : (row[event_time] as bigint | null));
  const seen = (rowsOf[view.source] ?? []).filter((row) => {
    const ours = keys.every(({ name: key, type }) => {
      const [own, other] = [row[renamed[key] ?? key] ?? null, widen(label[key] ?? null, type)];
      return own !== null && other !== null && compare(own, other) === 0;
    });
    const happened = event(row);
    const known = known_at === undefined ? happened : (row[known_at] as bigint | null);
    if (!ours || happened === null || known === null) return false;
    return (windowed || refresh !== undefined ? happened < c : happened <= c) && known <= c + delay;
  });
  const tie = tie_break ?? known_at;
  const inOrder = (a: Row, b: Row): number =>
    compare(event(a), event(b)) || (tie === undefined ? 0 : compare(a[tie] ?? null, b[tie] ?? null));

  if (!windowed) {
    // 3.2: the greatest by event time, tie, feature values; 3.3: unless it is too old.
    const plain = ({ name: column, expression = column }: FeatureText, row: Row): Value => meaning(expression)(row);
    const byValues = (a: Row, b: Row): number =>
      features.reduce((order, feature) => order || compare(plain(feature, a), plain(feature, b)), 0);
    const [winner] = seen.toSorted((a, b) => inOrder(b, a) || byValues(b, a));
    const old = winner !== undefined && ttl !== undefined && c - (event(winner) ?? 0n) > microseconds(ttl);
    const row = winner === undefined || old ? undefined : winner;
    return Object.fromEntries(features.map((feature) => [feature.name, row ? evaluate(feature, row) : orDefault(feature, null)]));
  }
  // 3.4: rows of [c - w, c).
  return Object.fromEntries(
    features.map((feature) => {
      const [, aggregate = "", operand = "", n] = /^(\w+)\((.*?)(?:, (\d+))?\)$/.exec(feature.aggregate ?? "") ?? [];
      const from = feature.window === "unbounded" ? always : c - microseconds(feature.window ?? "");
      const inside = seen.filter((row) => (event(row) ?? always) >= from);
      if (operand === "*") return [feature.name, BigInt(inside.length)];
      const of = (row: Row): Value => meaning(operand)(row);
      const present = inside
        .toSorted((a, b) => inOrder(a, b) || compare(of(a), of(b)))
        .map(of)
        .filter((value) => value !== null);
      return [
        feature.name,
        orDefault(
          feature,
          finite(fold(aggregate, present, Number(n ?? 1), feature.type, decimalScale(sources[view.source]?.columns[operand]))),
        ),
      ];
    }),
  );
}

const always = -(10n ** 30n);
const evaluate = (feature: FeatureText, row: Row): Value =>
  orDefault(feature, widen(meaning(feature.expression ?? feature.name)(row), feature.type));
const orDefault = ({ default: fallback, type }: FeatureText, value: Value): Value =>
  value === null && fallback !== undefined ? readCell(fallback, type) : value;

function meaning(expression: string): (row: Row) => Value {
  const known = meanings[expression];
  if (known !== undefined) return (row) => finite(known(row));
  if (!/^\w+$/.test(expression)) throw new Error(`The catalogue has no meaning of ${expression}.`);
  return (row) => row[expression] ?? null;
}

function fold(aggregate: string, values: readonly Value[], n: number, type: string, scale: number): Value {
  const numbers = values.map((value) => Number(value) / 10 ** scale);
  const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
  const sorted = values.toSorted(compare);
  const times = (value: Value): number => values.filter((other) => compare(other, value) === 0).length;
  const distinct = sorted.filter((value, index) => index === 0 || compare(value, sorted[index - 1] ?? null) !== 0);
  if (aggregate === "count") return BigInt(values.length);
  if (aggregate === "count_distinct") return BigInt(distinct.length);
  if (values.length === 0) return null;
  switch (aggregate) {
    case "sum": {
      if (typeof values[0] !== "bigint") return sum(numbers);
      const total = (values as bigint[]).reduce((all, value) => all + value, 0n);
      const limit = type === "int64" ? 2n ** 63n : 10n ** 38n;
      return total < limit && total >= (type === "int64" ? -limit : 1n - limit) ? total : null;
    }
    case "avg":
      return sum(numbers) / values.length;
    case "variance":
    case "stddev": {
      if (values.length < 2) return null;
      const mean = sum(numbers) / values.length;
      const variance = sum(numbers.map((value) => (value - mean) ** 2)) / (values.length - 1);
      return aggregate === "variance" ? variance : Math.sqrt(variance);
    }
    case "min":
    case "first":
      return (aggregate === "min" ? sorted : values)[0] ?? null;
    case "max":
    case "last":
      return (aggregate === "max" ? sorted : values).at(-1) ?? null;
    case "first_n":
      return values.slice(0, n);
    case "last_n":
      return values.slice(-n);
    case "top_k":
      return distinct.toSorted((a, b) => times(b) - times(a)).slice(0, n);
    default:
      throw new Error(`The oracle has no aggregate ${aggregate}.`);
  }
}

/** Null lowest; texts by code point, whose order is that of their UTF-8 bytes. */
function compare(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}
