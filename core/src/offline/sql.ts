/** A quoted SQL identifier; any text is safe. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A quoted SQL string literal; any text is safe (DuckDB has no backslash escapes). */
export function stringLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
