/** Up to here repeating a text is cheaper than a lambda, which costs some 50 ns a row. */
const shortest = 250;

/**
 * SQL that mentions operands more than once, without growing with the depth of the tree: a short operand is repeated,
 * a long one is bound to a name by a lambda. `use` writes SQL from the names alone.
 */
export function once(operands: readonly string[], use: (...names: string[]) => string): string {
  // The written form shows every name that is in use around this place.
  const fresh = freshName(...operands, use(...operands));
  const names = operands.map((sql, index) => (sql.length <= shortest ? sql : `${fresh}${"abc".charAt(index)}`));
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

/**
 * A float without NaN and infinities: they become null. DuckDB's nullif is a macro that writes its operand twice, so
 * that a few of them within each other are a query that never ends.
 */
export function finite(sql: string): string {
  return once([sql], (x) => `(CASE WHEN isfinite(${x}) THEN ${x} END)`);
}

/** A number that may divide: zero becomes null. */
export function nonzero(sql: string): string {
  return once([sql], (x) => `(CASE WHEN ${x} <> 0 THEN ${x} END)`);
}
