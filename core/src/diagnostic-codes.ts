import type { Severity } from "./diagnostic.js";

/** What one code says, for `docs/diagnostics.md`, SARIF and editors. */
export interface DiagnosticRule {
  readonly severity: Severity;
  /** What was found, in one sentence. */
  readonly meaning: string;
  readonly mend: string;
}

const error = (meaning: string, mend: string): DiagnosticRule => ({ severity: "error", meaning, mend });
const warning = (meaning: string, mend: string): DiagnosticRule => ({ severity: "warning", meaning, mend });
const information = (meaning: string, mend: string): DiagnosticRule => ({ severity: "information", meaning, mend });

/** Every code of a finding about a project's definitions. Codes are stable: scripts and suppressions name them. */
export const diagnosticCodes = {
  // The text
  "invalid-yaml": error(
    "The text is not valid YAML.",
    "Mend the YAML at the place shown; the other documents of the file are still read.",
  ),
  "unknown-kind": error(
    "A document's `kind` is missing or is none that exists.",
    "Begin the document with one of the kinds that the message lists.",
  ),
  "unknown-key": error(
    "A key is not known at this place.",
    "Correct its spelling, or remove it; the message lists the keys of the place.",
  ),
  "missing-key": error("A key that is needed is not there.", "Add the key that the message names."),
  "wrong-value": error("A value has the wrong form.", "Write the form that the message describes."),
  // References
  "duplicate-name": error("A name is used twice where it must be unique.", "Rename one of the two."),
  "same-name": warning(
    "A service has features of one name from several views.",
    "Rename one, or leave one out; until then its training sets need full names, and no model or request can use it.",
  ),
  "unknown-reference": error("A definition names another that does not exist.", "Correct the name, or define what it names."),
  "unknown-feature": error("A view or service has no feature of that name.", "Correct the name, or add the feature."),
  "unknown-key-column": error("`keys` renames a key that the view's entities do not have.", "Name one of the entities' keys."),
  "unknown-placeholder": error(
    "A pipeline's command has a placeholder that stands for nothing.",
    "Use `{inputs.x}`, `{outputs.x}` or `{parameters.x}` with a name that the pipeline declares.",
  ),
  "ambiguous-name": error("An on-demand view sees two columns of one name.", "Rename one of the features or the request column."),
  "conflicting-type": error(
    "One key or request column of a service has two types.",
    "Give it the same type in every entity and view.",
  ),
  cycle: error("A view reads itself.", "Remove it from its own `inputs`."),
  "on-demand-input": error(
    "An on-demand view has another on-demand view as input.",
    "Name feature views as inputs, and repeat the expression where it is needed.",
  ),
  "entity-and-entities": error("A view has both `entity` and `entities`.", "Keep one of the two."),
  // Sources
  "source-location": error("A source has not exactly one of `path`, `table`, `query` and `stream`.", "Keep one of them."),
  "table-without-engine": error(
    "A source names a table, and the offline engine reads files.",
    "Use `path` or `query`, or an offline engine with tables.",
  ),
  "unreadable-source": error(
    "The source's data cannot be read.",
    "The message is the reader's own: correct the path or the query, or restore the file.",
  ),
  "unknown-column": error(
    "The data has no column of that name.",
    "Correct the name; the message lists the columns that were found.",
  ),
  "missing-event-time": error(
    "A window, a ttl or a lateness needs to know when rows happened, and the source declares no `event_time`.",
    "Add `event_time` to the source.",
  ),
  "stream-only": error(
    "A source that is no stream has a key that only streams have.",
    "Remove the key, or make the source a stream: `stream: true` with a `schema`.",
  ),
  "reserved-name": error(
    "A stream's schema has a column of a name that the log itself uses.",
    "Rename the column; the log adds `_position` and `_received_at` to every row.",
  ),
  "kafka-without-event-id": warning(
    "A stream reads a Kafka topic and declares no `event_id`: Kafka may bring a message twice, and both become rows.",
    "Declare the column whose value identifies a row as `event_id`.",
  ),
  // Features
  "window-without-aggregate": error("A feature has a window and no aggregate.", "Add an `aggregate`, or remove the window."),
  "aggregate-without-window": error("A feature has an aggregate and no window.", "Add a `window`, such as 7d or unbounded."),
  "expression-and-aggregate": error(
    "A feature has both an expression and an aggregate.",
    "Keep one; an aggregate takes an expression as its argument.",
  ),
  "mixed-features": error("A view has aggregates beside features of the latest row.", "Move one kind to a view of its own."),
  // Expressions
  "unknown-type": error(
    "There is no type of that name.",
    "Use one of bool, int64, float64, decimal(p,s), string, timestamp, date, list<T>.",
  ),
  "wrong-type": error("A value has another type than its place needs.", "Change the declared type, or cast the value."),
  "unknown-function": error(
    "There is no function of that name.",
    "Correct the name; `docs/expressions.md` and the editor's completion list them.",
  ),
  "unknown-aggregate": error("There is no aggregate of that name.", "Use one of those that the message lists."),
  "unexpected-aggregate": error("An aggregate stands inside an expression.", "Move it to `aggregate`, with a `window`."),
  "not-an-aggregate": error("`aggregate` holds something else.", "Write a call such as avg(x), or use `expression`."),
  "wrong-arguments": error("A function has too few, too many or wrong arguments.", "Write it as the message shows."),
  "unexpected-character": error("A character has no meaning in an expression.", "Remove it, or put text in single quotes."),
  "unexpected-token": error("Something stands where it cannot.", "Write what the message expects there."),
  "expected-token": error("A bracket, comma or word is missing.", "Write what the message expects at the place shown."),
  "too-deep": error("An expression is nested too deeply.", "Split it into several features."),
  "expected-expression": error("A value is missing.", "Write one at the place shown."),
  "too-large": error("An expression has too many parts.", "Split it into several features, or compute it in the source's query."),
  "invalid-literal": error("A literal cannot be read.", "Write it in the form that the message shows."),
  "number-range": error("A whole number is beyond int64.", "Write it as a decimal or float64."),
  "clock-in-expression": error(
    "An expression asks for the present moment or for chance.",
    "A value belongs to the moment it is asked for, not to the clock: use a window, a ttl, or a request column that carries the time.",
  ),
  // What the future may not tell
  "label-as-feature": warning(
    "A feature of the latest row reads a column of the labels' own file that is neither key, time nor request column, so each label row sees its own outcome.",
    "Read it over a window, declare when it became known with `known_at`, or remove it.",
  ),
  "label-as-request": warning(
    "A request column is what a pipeline's labels hold as outcome, which no caller knows.",
    "Remove it from `request`.",
  ),
  "later-than-event": warning(
    "A feature reads a time that lies after its row's `event_time`, from a source without `known_at`: at the row's event time nobody knew it.",
    "Declare the column, or the one that says when the row became known, as `known_at`.",
  ),
  "arrival-time-unused": information(
    "The source has a column that looks like its rows' arrival, and declares no `known_at`.",
    "If rows arrive later than they happen, add `known_at`.",
  ),
  "arrival-time-as-feature": information(
    "A feature reads when its row arrived. Of history loaded later that is another time than it was live.",
    "Use `event_time`, or make sure that history keeps the times of its first arrival.",
  ),
  // Time
  "window-beyond-history": warning(
    "A window is longer than the source's history: no row of training has it full.",
    "Shorten the window, or bring more history.",
  ),
  "ttl-shorter-than-refresh": warning(
    "A ttl is shorter than `refresh.every`: most of what is read at a refresh is too old at once.",
    "Make the ttl at least `every`.",
  ),
  // People and data
  "no-owner": warning("A view, service or model has no owner.", "Add `owner`."),
  "no-reader": information("Nothing reads the definition.", "Add it to a service, or remove it."),
  "pii-without-tag": error(
    "A personal feature reaches a model that is not tagged `pii`.",
    "Tag the model, or leave the feature out of its service.",
  ),
  "same-meaning": warning("Two features compute the same.", "Keep one, and let the other's readers use it."),
  // What was applied and deployed
  "breaks-model": warning(
    "A registered model version reads a feature that is gone, or has another type or meaning than it was trained on.",
    "Give the new meaning a new name, or train and deploy a new version before the definitions are.",
  ),
  "schema-column-lost": warning(
    "The data has lost a column since the definitions were applied.",
    "Restore the column, or apply the definitions without it.",
  ),
  "schema-type-changed": warning(
    "A column of the data has another type than when the definitions were applied.",
    "Restore the type, or cast it in a query; `skewproof apply` accepts it.",
  ),
  "schema-column-added": information(
    "The data has a column more than when the definitions were applied.",
    "`skewproof apply` takes note of it.",
  ),
  "registry-damaged": warning(
    "The record of applied definitions cannot be read.",
    "The message says which file; restore it from a copy.",
  ),
} as const satisfies Readonly<Record<string, DiagnosticRule>>;

export type DiagnosticCode = keyof typeof diagnosticCodes;

const rules: Readonly<Record<string, DiagnosticRule>> = diagnosticCodes;

/** The rule of a code; undefined for one that is not in the table. */
export const ruleOf = (code: string): DiagnosticRule | undefined => rules[code];
