import { aggregateOf } from "../expressions/aggregates.js";
import { castValue } from "../expressions/cast-in-javascript.js";
import { featureValue } from "../expressions/to-javascript.js";
import type { TypedExpression } from "../expressions/typed-tree.js";
import type { FeatureView, WindowFeature } from "../registry/bound-project.js";
import type { OperandState } from "../expressions/aggregate.js";
import type { Value } from "../values/value.js";
import { columnForm, type ColumnForm } from "./columns.js";
import { familyShapes, presentFamily, type Family, type FamilyName } from "./families.js";
import { newRows, slots, type Rows } from "./tile-rows.js";

/** Limits of what stands together; smaller ones in tests make deep trees of few events. */
export interface LayoutSizes {
  /** Events that stand raw in one part. */
  readonly leaf: number;
  /** Two to this power narrower tiles make one. */
  readonly fan: number;
  /** Bytes of a multiset that stands with its tile. */
  readonly multiset: number;
  /** Bytes of a multiset in a part of its own. */
  readonly ownMultiset: number;
}

const usualSizes: LayoutSizes = { leaf: 512, fan: 4, multiset: 1024, ownMultiset: 65_536 };

export interface LayoutOperand {
  readonly form: ColumnForm;
  /** Only whether it is null matters: `true` stands for every value. */
  readonly presence: boolean;
  readonly families: readonly Family<unknown>[];
  readonly state: (rows: Rows, row: number) => OperandState;
}

/** How events of one window view's keys are laid out. */
export interface KeyLayout {
  readonly sizes: LayoutSizes;
  /** Whether a row may become known at another time than its event's. */
  readonly storesKnown: boolean;
  /** Undefined without a tie-break column: ties are ordered by when they were known. */
  readonly tieForm: ColumnForm | undefined;
  readonly operands: readonly LayoutOperand[];
  /** Floats and extras of a row of states. */
  readonly stride: number;
  readonly extras: number;
  /** Which extras are multisets. */
  readonly multisets: readonly number[];
  /** Coarsest tiles are two to this power microseconds wide. */
  readonly width: number;
  /** Different windows, widest first. */
  readonly windows: readonly (bigint | "unbounded")[];
  readonly features: readonly LayoutFeature[];
}

export interface LayoutFeature {
  /** Index into `windows`. */
  readonly window: number;
  /** Index into `operands`, -1 for `count(*)`. */
  readonly operand: number;
  /** The feature's value from the operand's state over its window; undefined for `count(*)`. */
  readonly value: (count: number, state: OperandState | undefined) => Value;
}

/** About a year. */
const unboundedWidth = 45;
const leastWidth = 10;

export function keyLayout(
  view: FeatureView,
  operands: readonly TypedExpression[],
  operandOf: readonly number[],
  sizes: LayoutSizes = usualSizes,
): KeyLayout {
  const features = view.features.filter((feature): feature is WindowFeature => feature.kind === "window");
  const windows = [...new Set(features.map(({ window }) => window))].sort((a, b) =>
    a === "unbounded" ? -1 : b === "unbounded" ? 1 : a > b ? -1 : 1,
  );
  const [widest = "unbounded"] = windows;
  const { tieBreak, knownAt, columns } = view.source;
  const tieType = columns?.find(({ name }) => name === tieBreak)?.type;
  const shape = stateShape(operands, operandOf, features);
  return {
    sizes,
    storesKnown: knownAt !== undefined,
    tieForm: tieBreak === undefined ? undefined : tieType === undefined ? "other" : columnForm(tieType),
    ...shape,
    // A window spans 16 to 32 tiles.
    width: widest === "unbounded" ? unboundedWidth : Math.max(leastWidth, widest.toString(2).length - 5),
    windows,
    features: features.map((feature, index) => ({
      window: windows.indexOf(feature.window),
      operand: operandOf[index] ?? -1,
      value: featureFromState(feature),
    })),
  };
}

/** The places of all states in a row. */
function stateShape(
  operands: readonly TypedExpression[],
  operandOf: readonly number[],
  features: readonly WindowFeature[],
): Pick<KeyLayout, "operands" | "stride" | "extras" | "multisets"> {
  const placed = operands.map(({ type }, operand) => {
    const aggregates = features.filter((_, index) => operandOf[index] === operand).map(({ aggregate }) => aggregate);
    const names = new Set(aggregates.flatMap((aggregate) => aggregateOf(aggregate.function).mergeable.needs(type)));
    const most = aggregates.reduce((most, { parameter = 1 }) => Math.max(most, parameter), 1);
    return { type, names: [...names].sort(), shapes: familyShapes(type, most) };
  });
  const stride =
    slots.states +
    placed.reduce((total, { names, shapes }) => total + 1 + names.reduce((sum, name) => sum + shapes[name].floats, 0), 0);
  let [at, extra] = [slots.states as number, 0];
  const multisets: number[] = [];
  const laid = placed.map(({ type, names, shapes }): LayoutOperand => {
    const presentAt = at++;
    const present = presentFamily(presentAt, stride);
    const found: Partial<Record<FamilyName, Family<unknown>>> = {};
    for (const name of names) {
      const { floats, extras, at: place } = shapes[name];
      found[name] = place(at, extra, stride, presentAt);
      if (name === "groups") multisets.push(extra);
      at += floats;
      extra += extras;
    }
    // `deviations` reads the number of values as it was before.
    const families = [...names.flatMap((name) => found[name] ?? []), present];
    const presence = names.length === 0;
    return { form: presence ? "bool" : columnForm(type), presence, families, state: stateReader(found, present) };
  });
  return { operands: laid, stride, extras: extra, multisets };
}

function stateReader(
  found: Partial<Record<FamilyName, Family<unknown>>>,
  present: Family<number>,
): (rows: Rows, row: number) => OperandState {
  return (rows, row) => {
    const of = (name: FamilyName) => (): never => {
      const family = found[name];
      if (family === undefined) throw new Error(`an aggregate did not say that it needs ${name}`);
      // `familyShapes` ties every name to its type.
      return family.read(rows, row) as never;
    };
    return {
      count: () => present.read(rows, row),
      sum: of("sum"),
      squares: of("squares"),
      deviations: of("deviations"),
      min: of("min"),
      max: of("max"),
      first: of("first"),
      last: of("last"),
      firsts: of("firsts"),
      lasts: of("lasts"),
      groups: of("groups"),
    };
  };
}

function featureFromState({ aggregate, type, default: fallback = null }: WindowFeature): LayoutFeature["value"] {
  const { mergeable, empty } = aggregateOf(aggregate.function);
  const finish = mergeable.finish(aggregate);
  const convert = (value: Value): Value => featureValue(castValue(value, aggregate.type, type)) ?? fallback;
  return (count, state) => {
    if (state === undefined) return convert(BigInt(count));
    return convert(state.count() === 0 ? empty : featureValue(finish(state)));
  };
}

/** Rows of nothing. */
export function emptyRows(layout: KeyLayout, count: number): Rows {
  const rows = newRows(count, layout.stride, layout.extras);
  for (let row = 0; row < count; row++)
    for (const { families } of layout.operands) for (const { clear } of families) clear(rows, row);
  return rows;
}
