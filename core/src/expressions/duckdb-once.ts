/**
 * SQL that mentions operands more than once, without growing with the depth of the tree: a short operand is repeated,
 * a long one is bound to a name by a lambda. `use` writes SQL from the names alone.
 */
export function once(operands: readonly string[], use: (...names: string[]) => string): string {
  const names = operands.map((sql, index) => (sql.length <= 60 ? sql : `${freshName(...operands)}${"abc".charAt(index)}`));
  return operands.reduceRight(
    (inner, sql, index) => (names[index] === sql ? inner : `list_transform([${sql}], lambda ${names[index] ?? ""}: ${inner})[1]`),
    use(...names),
  );
}

/** A name that nothing in these texts bears. */
export function freshName(...texts: readonly string[]): string {
  for (let index = 0; ; index++) {
    const name = `_once${index}`;
    if (!texts.some((text) => text.toLowerCase().includes(name))) return name;
  }
}

/** A float without NaN and infinities: they become null. */
export function finite(sql: string): string {
  return ["NaN", "Infinity", "-Infinity"].reduce((inner, text) => `nullif(${inner}, '${text}'::DOUBLE)`, sql);
}
