import type { Command } from "commander";

import type { FeatureService } from "../registry/bound-project.js";
import type { Row, Value } from "../values/value.js";
import type { Column } from "../values/value-type.js";
import { act, type Invocation } from "./command.js";
import { table } from "./table.js";

export function registerGet(program: Command): void {
  program
    .command("get")
    .description("A service's features of one entity: the online values now, or with --at the offline ones.")
    .requiredOption("--service <name>", "feature service")
    .requiredOption("--entity <key=value...>", "join keys")
    .option("--request <column=value...>", "request columns of on-demand views")
    .option("--at <moment>", "ISO 8601: the value training would see at that moment")
    .addHelpText("after", "\nExample:\n  skewproof get --service shop --entity customer_id=1 --request basket_value=35")
    .action(act(get));
}

interface Options {
  readonly service: string;
  readonly entity: readonly string[];
  readonly request?: readonly string[];
  readonly at?: string;
}

async function get(invocation: Invocation, options: Options): Promise<number> {
  const { findProject, loadValidProject } = await import("../registry/node/load-project.js");
  const { requireService } = await import("../registry/find.js");
  const { toJsonValue } = await import("../values/json-value.js");
  const { printTimestamp } = await import("../values/timestamp-text.js");
  const loaded = await loadValidProject(findProject(invocation.projectDir));
  const service = requireService(loaded.project, options.service);
  const [entities, request] = [
    await assignments(options.entity, service.keys, "--entity"),
    await assignments(options.request ?? [], service.request, "--request"),
  ];
  const values = options.at === undefined ? await online() : await offline(options.at);
  const rows = service.features.map(({ name, feature }, index) => ({
    feature: name,
    value: toJsonValue(values[index]?.value ?? null, feature.type),
    status: values[index]?.status ?? null,
    event_time: values[index]?.eventTime ?? null,
  }));
  invocation.result(
    { service: service.name, at: options.at ?? null, features: rows },
    table(
      ["feature", "value", "status", "event time"],
      rows.map((row) => [
        row.feature,
        row.value === null ? "null" : String(row.value as string | number | boolean),
        row.status ?? "",
        row.event_time ?? "",
      ]),
    ),
  );
  return 0;

  async function online(): Promise<readonly { value: Value; status: string; eventTime: string | null }[]> {
    const { openKeyValueStore } = await import("../online/node/open-key-value-store.js");
    const { spacesOf } = await import("../online/node/space-of.js");
    const { createFeatureReader } = await import("../online/read-features.js");
    const store = await openKeyValueStore(loaded, { readOnly: true });
    try {
      const reader = createFeatureReader(service, store, spacesOf(loaded.project.name));
      const [row] = await reader.read([{ entities, request }], BigInt(Date.now()) * 1000n);
      return (row?.values ?? []).map((value, index) => {
        const eventTime = row?.eventTimes[index] ?? null;
        return { value, status: row?.statuses[index] ?? "", eventTime: eventTime === null ? null : printTimestamp(eventTime) };
      });
    } finally {
      await store.close();
    }
  }

  async function offline(at: string): Promise<readonly { value: Value; status: null; eventTime: null }[]> {
    const { featuresAt } = await import("../offline/node/features-at.js");
    const { parseMoment } = await import("../values/parse-moment.js");
    const values = await featuresAt(loaded, service, { entities, request }, parseMoment(at, "--at"));
    return values.map((value) => ({ value, status: null, eventTime: null }));
  }
}

/** `key=value` texts as values of the columns' types; every key must be there for --entity. */
async function assignments(texts: readonly string[], columns: FeatureService["keys"], option: string): Promise<Row> {
  const { SkewproofError } = await import("../errors.js");
  const { fromJsonValue } = await import("../values/json-value.js");
  const { didYouMean } = await import("../values/nearest-name.js");
  const row: Record<string, Value> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    const name = text.slice(0, Math.max(0, at));
    const column: Column | undefined = columns.find((one) => one.name === name);
    const names = columns.map((one) => one.name);
    if (column === undefined)
      throw new SkewproofError(
        "usage",
        `${option} ${text}: the service has no ${name || "name before ="}.${didYouMean(name, names)} It needs: ${names.join(", ") || "nothing"}.`,
      );
    row[name] = fromJsonValue(text.slice(at + 1), column.type);
  }
  const missing = columns.filter(({ name }) => !(name in row)).map(({ name }) => name);
  if (missing.length > 0) throw new SkewproofError("usage", `${option} lacks ${missing.join(", ")}.`);
  return row;
}
