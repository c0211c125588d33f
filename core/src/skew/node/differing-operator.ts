import { aggregateToJavascript } from "../../expressions/aggregate-to-javascript.js";
import { castValue } from "../../expressions/cast-in-javascript.js";
import { printAggregate, printExpression } from "../../expressions/print.js";
import { expressionToDuckdb, featureToDuckdb, literalToDuckdb } from "../../expressions/to-duckdb.js";
import { expressionToJavascript, featureValue } from "../../expressions/to-javascript.js";
import type { TypedExpression } from "../../expressions/typed-tree.js";
import { toDuckdbType } from "../../offline/duckdb-type.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { identifier } from "../../offline/sql.js";
import { newRows } from "../../online/new-rows.js";
import { cutOff, onlineView } from "../../online/online-view.js";
import type { FeatureView, OnDemandView, ServiceFeature, WindowFeature } from "../../registry/bound-project.js";
import { closeValues } from "../../values/close-values.js";
import { compareValues } from "../../values/compare-values.js";
import type { Row, Value } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";
import { equalWithin, toleranceOf } from "../compare-served.js";
import type { Question } from "../sample-questions.js";

export interface Differing {
  readonly operator: string;
  readonly because: string;
}

/** The first operator of a feature whose result is not the same both ways. `mark` is where the view's store stands. */
export async function differingOperator(
  session: DuckdbSession,
  one: ServiceFeature,
  question: Question,
  online: { readonly value: Value; readonly row: Row },
  mark: (view: FeatureView) => bigint,
): Promise<Differing> {
  if (one.view.kind === "on_demand_view") return onDemandOperator(session, one.view, one, question, online.row);
  if (one.feature.kind === "window")
    return windowOperator(session, one.view, one.feature, one, question, online.value, mark(one.view));
  return { operator: "rows", because: "the store holds another latest row than the source has" };
}

/** Folds the source's own rows as the store would: where that gives the online value, the engines' aggregates differ. */
async function windowOperator(
  session: DuckdbSession,
  view: FeatureView,
  feature: WindowFeature,
  one: ServiceFeature,
  { entities, at }: Question,
  value: Value,
  mark: bigint,
): Promise<Differing> {
  const online = onlineView(view);
  const { c, knownUntil } = cutOff(view, at);
  const keys = view.keys.map(({ key, type }, index) => `_k${index} = ${literalToDuckdb(entities[key] ?? null, type)}`);
  const rows = await session.rows(
    `SELECT * FROM (${newRows(online, { after: undefined, until: mark })})${keys.length === 0 ? "" : ` WHERE ${keys.join(" AND ")}`}`,
  );
  const width = view.keys.length;
  // The query's columns: keys, event, known, tie, operands.
  const inside = rows
    .filter((row) => {
      const [event, known] = [row[width] as bigint, row[width + 1] as bigint];
      return event < c && known <= knownUntil && (feature.window === "unbounded" || event >= c - feature.window);
    })
    .sort((a, b) => compareValues(a[width] ?? null, b[width] ?? null) || compareValues(a.slice(width + 2), b.slice(width + 2)));
  const operand = online.operandOf[view.features.indexOf(feature)] ?? -1;
  const values = inside.map((row) => (operand < 0 ? (row[width] ?? null) : (row[width + 3 + operand] ?? null)));
  const folded =
    featureValue(castValue(aggregateToJavascript(feature.aggregate)(values), feature.aggregate.type, feature.type)) ??
    feature.default ??
    null;
  return equalWithin(folded, value, toleranceOf(one))
    ? {
        operator: printAggregate(feature.aggregate),
        because: `the engines fold the same ${inside.length} rows to different values`,
      }
    : { operator: "rows", because: `the source has ${inside.length} rows in this window, and the store others` };
}

/** Compares every part of the expression, the innermost first, on the values that its inputs had online. */
async function onDemandOperator(
  session: DuckdbSession,
  view: OnDemandView,
  { feature }: ServiceFeature,
  { request }: Question,
  inputs: Row,
): Promise<Differing> {
  const columns: readonly Column[] = [...view.inputs.flatMap(({ features }) => features), ...view.request];
  const row: Row = { ...inputs, ...request };
  if (feature.kind !== "row") throw new Error("an on-demand feature is an expression");
  const cells = columns.map(
    ({ name, type }) => `CAST(${literalToDuckdb(row[name] ?? null, type)} AS ${toDuckdbType(type)}) AS ${identifier(name)}`,
  );
  for (const tree of innermostFirst(feature.expression)) {
    if (tree.type.kind === "interval") continue;
    const sql = featureToDuckdb(tree.type, expressionToDuckdb(tree, identifier));
    const [[offline = null] = []] = await session.rows(`SELECT ${sql} FROM (SELECT ${cells.join(", ") || "1"})`);
    const online = featureValue(expressionToJavascript(tree)(row));
    if (!closeValues(online, offline, 4))
      return { operator: printExpression(tree), because: "the engines compute it differently from the same inputs" };
  }
  return { operator: "inputs", because: "the features it reads differ; see theirs" };
}

function innermostFirst(tree: TypedExpression): TypedExpression[] {
  switch (tree.node) {
    case "literal":
    case "column":
      return [tree];
    case "cast":
      return [...innermostFirst(tree.operand), tree];
    case "call":
      // A lambda-free language: every argument is a value of its own.
      return [...tree.arguments.flatMap(innermostFirst), tree];
    case "case":
      return [
        ...tree.branches.flatMap(({ when, then }) => [...innermostFirst(when), ...innermostFirst(then)]),
        ...(tree.otherwise === undefined ? [] : innermostFirst(tree.otherwise)),
        tree,
      ];
  }
}
