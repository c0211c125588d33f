import type { ValueType } from "../values/value-type.js";

const clock = "([01][0-9]|2[0-3]):[0-5][0-9]";

/**
 * The texts that can be cast, by target type: regular expressions that RE2 and JavaScript read alike. Engines differ in
 * what else they would take.
 */
export const textForms: Partial<Record<ValueType["kind"], string>> = {
  bool: "true|false",
  int64: "[+-]?[0-9]{1,30}",
  float64: "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?",
  decimal: "[+-]?[0-9]{1,38}([.][0-9]{1,38})?",
  date: "[0-9]{4}-[0-9]{2}-[0-9]{2}",
  timestamp: `[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]${clock}(:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?)?`,
};
