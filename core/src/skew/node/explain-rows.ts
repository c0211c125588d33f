import { compileRow } from "../../expressions/compile-row.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import type { FeatureService, FeatureView, OnDemandView, ServiceFeature } from "../../registry/bound-project.js";
import { storedViews } from "../../serving/feature-log-columns.js";
import type { LogHeader } from "../../serving/feature-log-header.js";
import type { Row, Value } from "../../values/value.js";
import { decideCause, type Rows } from "../decide-cause.js";
import type { RowFound } from "../collect-report.js";
import { wrongColumns } from "./compare-part.js";
import { lookAtView, type Looked } from "./view-evidence.js";

export interface Explained {
  readonly root: string;
  readonly service: FeatureService;
  readonly headers: readonly LogHeader[];
  /** By feature: `featureMeanings` of the present project. */
  readonly meanings: Readonly<Record<string, string>>;
}

/** Rows explained at a time: what is held in memory. */
const batch = 50_000;

/** The rows of `_wrong`, each differing value with its cause. */
export async function* explainRows(session: DuckdbSession, explained: Explained, signal?: AbortSignal): AsyncIterable<RowFound> {
  const columns = wrongColumns(explained.service).join(", ");
  for (let start = 0; ; start += batch) {
    await session.run(
      `CREATE OR REPLACE TEMP TABLE _looked AS SELECT * FROM _wrong WHERE _w > ${start} AND _w <= ${start + batch}`,
      signal,
    );
    const rows = await session.rows(`SELECT ${columns} FROM _looked ORDER BY _w`, signal);
    if (rows.length === 0) return;
    const read = rows.map((cells) => readRow(explained.service, cells));
    const looked = new Map<FeatureView, Looked[]>();
    for (const [index, view] of storedViews(explained.service).entries()) {
      const isConcerned = explained.service.features.some(
        ({ view: one }, feature) => readsView(one, view) && read.some(({ differs }) => differs[feature] === true),
      );
      if (!isConcerned) continue;
      const moments = read.map(({ at, given, marks }) => ({ at, given, materializedUntil: marks[index] ?? null }));
      looked.set(view, await lookAtView(session, explained.root, view, moments, signal));
    }
    const explain = explainer(explained, looked);
    for (const [index, row] of read.entries()) yield explain(row, index);
  }
}

const readsView = (view: FeatureView | OnDemandView, stored: FeatureView): boolean =>
  view === stored || (view.kind === "on_demand_view" && view.inputs.includes(stored));

interface ReadRow extends Omit<RowFound, "causes"> {
  readonly header: number;
  readonly marks: readonly (bigint | null)[];
  readonly differs: readonly boolean[];
}

/** The cells of `wrongColumns`, whose types are those of `featureLogColumns`. */
function readRow(service: FeatureService, cells: readonly Value[]): ReadRow {
  let at = 0;
  const take = <T extends Value>(count: number): T[] => cells.slice(at, (at += count)) as T[];
  const [requestId, row, moment] = take(3) as [string, bigint, bigint];
  const [model = null, version = null] = take<string | null>(2);
  const names = [...service.keys, ...service.request].map(({ name }) => name);
  const given = take(names.length);
  const width = service.features.length;
  return {
    requestId,
    row: Number(row),
    at: moment,
    model,
    version,
    given: Object.fromEntries(names.map((name, index) => [name, given[index] ?? null])),
    served: take(width),
    statuses: take<string | null>(width),
    eventTimes: take<bigint | null>(width),
    marks: take<bigint | null>(storedViews(service).length),
    header: take<number>(1)[0] ?? 0,
    recomputed: take(width),
    differs: take<boolean>(width),
  };
}

function explainer(
  { service, headers, meanings }: Explained,
  looked: ReadonlyMap<FeatureView, readonly Looked[]>,
): (row: ReadRow, index: number) => RowFound {
  const computers = new Map(
    service.features.flatMap(({ view }) => (view.kind === "on_demand_view" ? [[view, onDemand(view)] as const] : [])),
  );
  const valueOver = ({ view, feature }: ServiceFeature, row: ReadRow, index: number, rows: Rows): Value => {
    const position = view.features.findIndex((one) => one === feature);
    if (view.kind === "feature_view") return looked.get(view)?.[index]?.over[rows][position] ?? null;
    const inputs = view.inputs.flatMap((input) =>
      input.features.map((_, at) => looked.get(input)?.[index]?.over[rows][at] ?? null),
    );
    return computers.get(view)?.(inputs, row.given)[position] ?? null;
  };
  return (row, index) => ({
    ...row,
    causes: service.features.map((feature, at) => {
      if (row.differs[at] !== true) return undefined;
      const { view } = feature;
      const now = meanings[feature.name] ?? "{}";
      return decideCause({
        feature,
        at: row.at,
        served: row.served[at] ?? null,
        recomputed: row.recomputed[at] ?? null,
        status: row.statuses[at] ?? null,
        eventTime: row.eventTimes[at] ?? null,
        meaning: { served: headers[row.header]?.meanings[feature.name] ?? now, now },
        evidence: (view.kind === "feature_view" ? [view] : view.inputs).flatMap(
          (one) => looked.get(one)?.[index]?.evidence ?? [],
        ),
        over: (rows) => valueOver(feature, row, index, rows),
      });
    }),
  });
}

/** The view's features from its inputs' features and the request. */
function onDemand(view: OnDemandView): (inputs: readonly Value[], given: Row) => Value[] {
  const columns = [...view.inputs.flatMap(({ features }) => features), ...view.request].map(({ name }) => name);
  const compute = compileRow(
    view.features.map(({ expression }) => expression),
    columns,
  );
  return (inputs, given) => {
    const values: Value[] = [];
    compute([...inputs, ...view.request.map(({ name }) => given[name] ?? null)], values);
    return view.features.map((feature, index) => values[index] ?? feature.default ?? null);
  };
}
