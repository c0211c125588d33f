import Type from "typebox";

import { SkewproofError, isSkewproofError } from "../../errors.js";
import type { FeatureReader, FeatureRequest } from "../../online/read-features.js";
import type { FeatureService } from "../../registry/bound-project.js";
import { fromJsonValue } from "../../values/json-value.js";
import { didYouMean } from "../../values/nearest-name.js";
import type { Row, Value } from "../../values/value.js";
import type { Column } from "../../values/value-type.js";
import type { WireTensor } from "./inference-worker.js";

const row = Type.Record(Type.String(), Type.Unknown());

/** What a request for features or predictions names: entities, and with them, row by row, request columns. */
export const requestFields = {
  entities: Type.Array(row, { minItems: 1, maxItems: 10_000 }),
  request: Type.Optional(Type.Array(row)),
};

type Json = Readonly<Record<string, unknown>>;

/** Reads entities and request rows by the service's types. Throws `usage`, naming the field, for what does not fit. */
export function readRequests(
  service: FeatureService,
  entities: readonly Json[],
  request: readonly Json[] | undefined,
): FeatureRequest[] {
  if (request !== undefined && request.length !== entities.length)
    throw new SkewproofError(
      "usage",
      `request has ${request.length} rows and entities ${entities.length}; they go together, row by row.`,
    );
  return entities.map((entity, index) => ({
    entities: readRow(entity, service.keys, `entities[${index}]`),
    request: readRow(request?.[index] ?? {}, service.request, `request[${index}]`),
  }));
}

function readRow(json: Json, columns: readonly Column[], where: string): Row {
  const row: Record<string, Value> = {};
  for (const { name, type } of columns) {
    if (!(name in json)) throw new SkewproofError("usage", `${where}.${name} is missing.${didYouMean(name, Object.keys(json))}`);
    try {
      row[name] = fromJsonValue(json[name], type);
    } catch (error) {
      if (!isSkewproofError(error)) throw error;
      throw new SkewproofError("usage", `${where}.${name}: ${error.message}`);
    }
  }
  return row;
}

/** One row of an output tensor, as JSON: a number, a text, or a list. */
export function rowOf(tensor: WireTensor, row: number, rows: number): unknown {
  const width = tensor.data.length / rows;
  const cells = Array.from({ length: width }, (_, index) => {
    const value: unknown = tensor.data[row * width + index];
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    if (tensor.type === "bool") return value === 1;
    return typeof value === "number" && !Number.isFinite(value) ? null : value;
  });
  return tensor.dims.length <= 1 || width === 1 ? cells[0] : cells;
}

/** The prediction itself: the output the model names, and of it the class it names. */
export function predictionOf(
  outputs: Readonly<Record<string, WireTensor>>,
  output: { readonly name: string; readonly class?: number },
  row: number,
  rows: number,
): unknown {
  const tensor = outputs[output.name];
  const value = tensor === undefined ? null : rowOf(tensor, row, rows);
  return output.class !== undefined && Array.isArray(value) ? ((value as unknown[])[output.class] ?? null) : value;
}

export interface Reader {
  readonly service: FeatureService;
  readonly reader: FeatureReader;
}
