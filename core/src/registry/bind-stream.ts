import type { Parsed } from "../definitions/parse-definitions.js";
import { parseDuration } from "../values/duration.js";
import { didYouMean, nearestName } from "../values/nearest-name.js";
import { printValueType } from "../values/value-type-text.js";
import type { Column } from "../values/value-type.js";
import { bindType } from "./bind-feature.js";
import type { KafkaTopic, Stream } from "./bound-project.js";
import type { Report } from "./report.js";

/** What only streams have; of another source each such key is reported. */
export function bindStream(at: Parsed<"source">, report: Report): Stream | undefined {
  const { stream, schema, event_id: eventId, kafka } = at.definition;
  if (stream !== true) {
    for (const [key, value] of Object.entries({ event_id: eventId, kafka }))
      if (value !== undefined)
        report.problem(
          at,
          [key],
          "stream-only",
          `Only a stream has \`${key}\`: write \`stream: true\` with a \`schema\`, or remove it.`,
        );
    return undefined;
  }
  if (schema === undefined)
    report.problem(at, ["stream"], "missing-key", "A stream needs a `schema`: its columns and their types.");
  const columns = bindSchema(at, schema ?? {}, report);
  if (eventId !== undefined && schema !== undefined) requireIdentifier(at, eventId, columns, report);
  if (kafka !== undefined && eventId === undefined)
    report.problem(
      at,
      ["kafka"],
      "kafka-without-event-id",
      "Kafka may bring a message twice, and both become rows. Declare the column whose value identifies a row as `event_id`.",
    );
  return {
    schema: columns,
    int32: Object.entries(schema ?? {}).flatMap(([name, type]) => (/\bint32\b/.test(type) ? [name] : [])),
    ...(eventId === undefined ? {} : { eventId }),
    ...(kafka === undefined ? {} : { kafka: kafkaTopic(kafka) }),
  };
}

function bindSchema(at: Parsed<"source">, schema: Readonly<Record<string, string>>, report: Report): Column[] {
  const seen = new Map<string, string>();
  return Object.entries(schema).flatMap(([name, text]) => {
    const type = bindType(text, at, ["schema", name], report);
    // SQL's names do not tell upper from lower case.
    const folded = name.toLowerCase();
    const other = seen.get(folded);
    seen.set(folded, name);
    if (folded === "_position" || folded === "_received_at" || folded === "_schema")
      report.problem(at, ["schema", name], "reserved-name", `${name} is a name that the log itself uses; rename the column.`);
    else if (other !== undefined)
      report.problem(at, ["schema", name], "duplicate-name", `${name} and ${other} differ in case alone; rename one of them.`);
    else if (type !== undefined) return [{ name, type }];
    return [];
  });
}

function requireIdentifier(at: Parsed<"source">, name: string, columns: readonly Column[], report: Report): void {
  const column = columns.find((one) => one.name === name);
  const names = columns.map((one) => one.name);
  if (column === undefined)
    report.problem(
      at,
      ["event_id"],
      "unknown-column",
      `The schema has no column ${name}.${didYouMean(name, names)} Columns: ${names.join(", ")}.`,
      nearestName(name, names),
    );
  else if (column.type.kind === "float64" || column.type.kind === "list")
    report.problem(
      at,
      ["event_id"],
      "wrong-type",
      `${name} is ${printValueType(column.type)}, which identifies nothing; an \`event_id\` is a string, a whole number or the like.`,
    );
}

/** Microseconds; reported where nothing says when a row happened. */
export function bindLateness(at: Parsed<"source">, report: Report): bigint | undefined {
  const { lateness, event_time: eventTime } = at.definition;
  if (lateness !== undefined && eventTime === undefined)
    report.problem(
      at,
      ["lateness"],
      "missing-event-time",
      "`lateness` is measured from the `event_time`, and the source declares none.",
    );
  return lateness === undefined ? undefined : parseDuration(lateness);
}

function kafkaTopic({ brokers, topic, group, tls, sasl }: NonNullable<Parsed<"source">["definition"]["kafka"]>): KafkaTopic {
  return {
    brokers,
    topic,
    tls: tls ?? false,
    ...(group === undefined ? {} : { group }),
    ...(sasl === undefined
      ? {}
      : { sasl: { mechanism: sasl.mechanism, username: sasl.username.env, password: sasl.password.env } }),
  };
}
