import type { ServiceFeature } from "../registry/bound-project.js";
import { ageText } from "./age-text.js";
import { printDuration } from "../values/duration.js";
import { toJsonValue } from "../values/json-value.js";
import { printTimestamp } from "../values/timestamp-text.js";
import type { Value } from "../values/value.js";
import { equalWithin, looseTolerance, toleranceOf } from "./compare-served.js";
import { meaningDifference } from "./meaning-difference.js";
import type { Seen, SourceRow } from "./seen-view.js";
import { visibleAt } from "./seen-view.js";
import type { SkewCause } from "./skew-report.js";

/** What the source's present rows of one key say of one view at the moment it was served. */
export interface ViewEvidence {
  readonly view: string;
  readonly source: string;
  readonly ttl: bigint | undefined;
  /** Until when the view was materialized when it was served; null where it never was. */
  readonly materializedUntil: bigint | null;
  /** Rows that count at the moment and were not yet visible when the view was materialized. */
  readonly afterMark: readonly SourceRow[];
  /** Rows that count at the moment and came in after it. */
  readonly arrivedLate: readonly SourceRow[];
  readonly now: Seen;
  /** How rows that were materialized have changed since, in words; undefined where nobody can tell of a change. */
  readonly sourceChange: string | undefined;
}

/** Which rows a value is computed over: those materialized, those that had come in, those that were both, or none. */
export type Rows = "materialized" | "arrived" | "both" | "none";

/** One served value that differs from its recomputation. */
export interface Difference {
  readonly feature: ServiceFeature;
  readonly at: bigint;
  readonly served: Value;
  readonly recomputed: Value;
  readonly status: string | null;
  readonly eventTime: bigint | null;
  /** Canonical texts of the definitions it was served by, and of the present ones. */
  readonly meaning: { readonly served: string; readonly now: string };
  /** Of the views that the value follows from. */
  readonly evidence: readonly ViewEvidence[];
  readonly over: (rows: Rows) => Value;
}

export interface Decided {
  readonly cause: SkewCause;
  readonly because: string;
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The first cause of the order in docs/skew.md whose evidence holds. */
export function decideCause(difference: Difference): Decided {
  for (const rule of [definitionChanged, expired, stale, late, numeric, changedSource, missing]) {
    const because = rule(difference);
    if (because !== undefined) return because;
  }
  return {
    cause: "unexplained",
    because: "Neither the definitions, what was materialized, what came in late nor a change of the source explains it.",
  };
}

type Rule = (difference: Difference) => Decided | undefined;

const definitionChanged: Rule = ({ meaning }) =>
  meaning.served === meaning.now
    ? undefined
    : { cause: "definition_changed", because: `Since it was served, ${meaningDifference(meaning.served, meaning.now)}.` };

const expired: Rule = ({ feature: { view }, at, status, served, eventTime, evidence: [evidence] }) => {
  if (view.kind !== "feature_view" || view.ttl === undefined || evidence === undefined) return undefined;
  const ttl = printDuration(view.ttl);
  if (status === "OUTSIDE_MAX_AGE") {
    const age = eventTime === null ? "" : `, which was ${ageText(at - eventTime)} old,`;
    const found = evidence.now.event === null ? "" : `; training finds the row of ${printTimestamp(evidence.now.event)}`;
    return {
      cause: "expired",
      because: `The row online${eventTime === null ? "" : `, of ${printTimestamp(eventTime)}`}${age} was past the ttl of ${ttl}${found}.`,
    };
  }
  if (served === null || !evidence.now.isExpired || evidence.now.event === null) return undefined;
  return {
    cause: "expired",
    because: `The row that training finds, of ${printTimestamp(evidence.now.event)}, was ${ageText(at - evidence.now.event)} old and past the ttl of ${ttl}; a value was served.`,
  };
};

function holds({ feature, served, over }: Difference, rows: Rows): boolean {
  return equalWithin(served, over(rows), toleranceOf(feature));
}

const text = ({ feature }: Difference, value: Value): string => JSON.stringify(toJsonValue(value, feature.feature.type));

const stale: Rule = (difference) => {
  const { at, evidence, served } = difference;
  const behind = evidence.filter(({ afterMark }) => afterMark.length > 0);
  if (behind.length === 0) return undefined;
  const isNever = behind.every(({ materializedUntil }) => materializedUntil === null);
  const alone = holds(difference, "materialized");
  if (!alone && !holds(difference, "both")) return undefined;
  if (isNever)
    return {
      cause: "missing_online",
      because: `${behind.map(({ view }) => view).join(" and ")} had never been materialized when it was served.`,
    };
  const told = behind.flatMap(({ view, materializedUntil, afterMark }) => {
    if (materializedUntil === null) return [`${view} had never been materialized`];
    const last = afterMark.map(visibleAt).reduce((a, b) => (a > b ? a : b));
    return [
      `${view} was materialized until ${printTimestamp(materializedUntil)}, ${ageText(at - materializedUntil)} before; ${plural(afterMark.length, "row")} of this key became visible in between, the last at ${printTimestamp(last)}`,
    ];
  });
  const rest = alone ? "" : ", and without what came in later,";
  return {
    cause: "stale_materialization",
    because: `${told.join("; ")}. Over what was materialized${rest} the value is the one served, ${text(difference, served)}.`,
  };
};

const late: Rule = (difference) => {
  const { evidence, served } = difference;
  const arrived = evidence.filter(({ arrivedLate }) => arrivedLate.length > 0);
  if (arrived.length === 0 || !holds(difference, "arrived")) return undefined;
  const told = arrived.map(({ source, arrivedLate }) => {
    const first = arrivedLate.map(({ received, known }) => received ?? known).reduce((a, b) => (a < b ? a : b));
    return `${plural(arrivedLate.length, "row")} of ${source} for this key came in after it was served, the first at ${printTimestamp(first)}`;
  });
  return {
    cause: "late_data",
    because: `${told.join("; ")}. Without them the value is the one served, ${text(difference, served)}.`,
  };
};

const numeric: Rule = ({ served, recomputed }) =>
  typeof served === "number" && typeof recomputed === "number" && equalWithin(served, recomputed, looseTolerance)
    ? {
        cause: "numeric_tolerance",
        because: `Both are the same within ${looseTolerance.relative} of their size: floats added up in another order.`,
      }
    : undefined;

const changedSource: Rule = ({ evidence }) => {
  const changes = evidence.flatMap(({ sourceChange }) => (sourceChange === undefined ? [] : [sourceChange]));
  return changes.length === 0 ? undefined : { cause: "changed_source", because: [...new Set(changes)].join(" ") };
};

const missing: Rule = (difference) => {
  const { at, served, recomputed, status, eventTime, evidence } = difference;
  const past = evidence.find(({ materializedUntil }) => materializedUntil !== null && materializedUntil > at);
  if (past !== undefined)
    return {
      cause: "missing_online",
      because: `${past.view} was materialized until ${printTimestamp(past.materializedUntil ?? 0n)}, past the moment asked for; rows that only earlier moments need are no longer in the online store.`,
    };
  const none = difference.over("none");
  const isAbsent = (value: Value): boolean => value === null || equalWithin(value, none, toleranceOf(difference.feature));
  if (isAbsent(served))
    return {
      cause: "missing_online",
      because: `The online store had ${status === "NOT_FOUND" ? "nothing of this key" : "no value"}, though the source's rows were visible and materialized.`,
    };
  if (isAbsent(recomputed))
    return {
      cause: "missing_offline",
      because: `A value was served${eventTime === null ? "" : `, from ${printTimestamp(eventTime)}`}, and the source has no row for it; nothing tells when it was there.`,
    };
  return undefined;
};
