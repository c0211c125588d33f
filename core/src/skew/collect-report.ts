import type { FeatureService } from "../registry/bound-project.js";
import { toJsonValue } from "../values/json-value.js";
import { printTimestamp } from "../values/timestamp-text.js";
import type { Row, Value } from "../values/value.js";
import type { Column } from "../values/value-type.js";
import type { Decided } from "./decide-cause.js";
import { skewCauses, type CauseCounts, type SkewCause, type SkewExample, type SkewReport, type SkewRow } from "./skew-report.js";
import { wilsonInterval } from "./wilson-interval.js";

/** What was found of one part of the log. */
export interface PartFound {
  readonly rows: number;
  readonly different: number;
  readonly otherDefinitions: number;
  readonly from: bigint | null;
  readonly until: bigint | null;
  readonly features: readonly { readonly compared: number; readonly different: number }[];
}

/** A served row of which something differs. */
export interface RowFound {
  readonly requestId: string;
  readonly row: number;
  readonly at: bigint;
  readonly model: string | null;
  readonly version: string | null;
  /** Keys and request columns, by name. */
  readonly given: Row;
  /** By feature of the service. */
  readonly served: readonly Value[];
  readonly recomputed: readonly Value[];
  readonly statuses: readonly (string | null)[];
  readonly eventTimes: readonly (bigint | null)[];
  /** By feature; undefined where it does not differ. */
  readonly causes: readonly (Decided | undefined)[];
}

/** What the log says of itself. */
export type LogFound = Pick<SkewReport, "unreadable" | "notLogged" | "incomparable" | "samples">;

export const nothingServed: LogFound = { unreadable: 0, notLogged: 0, incomparable: 0, samples: [] };

export interface Collected {
  addPart(part: PartFound): void;
  addRow(row: RowFound): void;
  report(log: LogFound): SkewReport;
}

const mostExamples = 3;

/** Puts a report together from what is found part by part; holds the examples' rows and no others. */
export function collectReport(service: FeatureService): Collected {
  let [compared, different, otherDefinitions] = [0, 0, 0];
  let [from, until]: [bigint | null, bigint | null] = [null, null];
  const rows: SkewRow[] = [];
  const features = service.features.map(({ name, view }) => ({
    name,
    view: view.name,
    compared: 0,
    different: 0,
    causes: new Map<SkewCause, number>(),
    examples: [] as SkewExample[],
  }));

  return {
    addPart(part) {
      compared += part.rows;
      different += part.different;
      otherDefinitions += part.otherDefinitions;
      if (part.from !== null && (from === null || part.from < from)) from = part.from;
      if (part.until !== null && (until === null || part.until > until)) until = part.until;
      for (const [index, feature] of features.entries()) {
        feature.compared += part.features[index]?.compared ?? 0;
        feature.different += part.features[index]?.different ?? 0;
      }
    },
    addRow(row) {
      let place: number | undefined;
      for (const [index, decided] of row.causes.entries()) {
        const feature = features[index];
        if (decided === undefined || feature === undefined) continue;
        const count = feature.causes.get(decided.cause) ?? 0;
        feature.causes.set(decided.cause, count + 1);
        if (count >= mostExamples) continue;
        place ??= rows.push(showRow(service, row)) - 1;
        feature.examples.push({
          row: place,
          ...decided,
          served: showValue(service, index, row.served),
          recomputed: showValue(service, index, row.recomputed),
        });
      }
    },
    report: (log) => ({
      service: service.name,
      compared,
      equal: compared - different,
      different,
      rate: wilsonInterval(different, compared),
      causes: inOrder((cause) => features.reduce((sum, { causes }) => sum + (causes.get(cause) ?? 0), 0)),
      ...log,
      otherDefinitions,
      from: from === null ? null : printTimestamp(from),
      asOf: until === null ? null : printTimestamp(until),
      features: features.map((feature) => ({
        feature: feature.name,
        view: feature.view,
        compared: feature.compared,
        equal: feature.compared - feature.different,
        different: feature.different,
        rate: wilsonInterval(feature.different, feature.compared),
        causes: inOrder((cause) => feature.causes.get(cause) ?? 0),
        examples: feature.examples,
      })),
      rows,
    }),
  };
}

function inOrder(count: (cause: SkewCause) => number): CauseCounts {
  return Object.fromEntries(skewCauses.map((cause) => [cause, count(cause)] as const).filter(([, one]) => one > 0));
}

function showValue({ features }: FeatureService, index: number, values: readonly Value[]): unknown {
  return toJsonValue(values[index] ?? null, features[index]?.feature.type ?? { kind: "null" });
}

function showRow(service: FeatureService, row: RowFound): SkewRow {
  const byFeature = <T>(show: (index: number) => T): Record<string, T> =>
    Object.fromEntries(service.features.map(({ name }, index) => [name, show(index)]));
  const given = (columns: readonly Column[]): Record<string, unknown> =>
    Object.fromEntries(columns.map(({ name, type }) => [name, toJsonValue(row.given[name] ?? null, type)]));
  return {
    requestId: row.requestId,
    row: row.row,
    at: printTimestamp(row.at),
    model: row.model,
    version: row.version,
    entities: given(service.keys),
    request: given(service.request),
    served: byFeature((index) => showValue(service, index, row.served)),
    recomputed: byFeature((index) => showValue(service, index, row.recomputed)),
    statuses: byFeature((index) => row.statuses[index] ?? null),
    eventTimes: byFeature((index) => {
      const time = row.eventTimes[index] ?? null;
      return time === null ? null : printTimestamp(time);
    }),
    different: service.features.flatMap(({ name }, index) => (row.causes[index] === undefined ? [] : [name])),
  };
}
