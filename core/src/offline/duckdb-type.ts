import type { ValueType } from "../values/value-type.js";

/** The DuckDB spelling of our type, as used in casts. */
export function toDuckdbType(type: ValueType): string {
  switch (type.kind) {
    case "bool":
      return "BOOLEAN";
    case "int64":
      return "BIGINT";
    case "float64":
      return "DOUBLE";
    case "decimal":
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case "string":
      return "VARCHAR";
    case "timestamp":
      return "TIMESTAMP";
    case "date":
      return "DATE";
    case "interval":
      return "INTERVAL";
    case "list":
      return `${toDuckdbType(type.element)}[]`;
    case "bytes":
      return "BLOB";
    case "null":
      return "INTEGER";
  }
}
