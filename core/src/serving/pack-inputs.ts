import type { Bundle } from "../models/bundle.js";
import type { InputMapping } from "../models/input-mapping.js";
import type { FeatureService } from "../registry/bound-project.js";
import type { Value } from "../values/value.js";

export interface PackedInput {
  readonly type: InputMapping["type"];
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array | string[];
  readonly dims: readonly number[];
}

/** Prepares the packing of rows of a service's features (in its order) into the model's inputs. Nulls become the fill value, or NaN, 0, "". */
export function inputPacker(
  bundle: Bundle,
  service: FeatureService,
): (rows: readonly (readonly Value[])[]) => Record<string, PackedInput> {
  const scales = service.features.map(({ feature }) => (feature.type.kind === "decimal" ? 10 ** feature.type.scale : 1));
  const plans = bundle.inputs.map(({ input, type, features, rank }) => ({
    input,
    type,
    rank,
    columns: features.map((name) => {
      const index = service.features.findIndex((feature) => feature.name === name);
      return { index, scale: scales[index] ?? 1, fill: bundle.fill[name] };
    }),
  }));
  return (rows) => {
    const packed: Record<string, PackedInput> = {};
    for (const { input, type, rank, columns } of plans) {
      const cells = rows.flatMap((row) => columns.map(({ index, scale, fill }) => ({ value: row[index] ?? null, scale, fill })));
      const number = ({ value, scale, fill }: (typeof cells)[number]): number =>
        value === null ? Number(fill ?? NaN) : Number(value) / scale;
      const dims = rank === 1 ? [rows.length] : [rows.length, columns.length];
      if (type === "float32") packed[input] = { type, dims, data: Float32Array.from(cells, number) };
      else if (type === "float64") packed[input] = { type, dims, data: Float64Array.from(cells, number) };
      else if (type === "int64")
        packed[input] = {
          type,
          dims,
          data: BigInt64Array.from(cells, ({ value, fill }) =>
            typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value ?? fill ?? 0))),
          ),
        };
      else if (type === "bool")
        packed[input] = {
          type,
          dims,
          data: Uint8Array.from(cells, ({ value, fill }) => ((value ?? fill ?? false) === true ? 1 : 0)),
        };
      else
        packed[input] = {
          type,
          dims,
          data: cells.map(({ value, fill }) => (typeof value === "string" ? value : typeof fill === "string" ? fill : "")),
        };
    }
    return packed;
  };
}
