/** An option's text as a whole number of at least `least`. Throws `usage` naming the option. */
export async function wholeNumber(option: string, text: string, least: number): Promise<number> {
  const number = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least) return number;
  const { SkewproofError } = await import("../errors.js");
  throw new SkewproofError("usage", `${option} ${text} is no whole number of at least ${least}.`);
}

/** The text of `--batch`: rows that are pushed at a time. Throws `usage`. */
export async function batchSize(text: string): Promise<number> {
  const size = Number(text);
  if (Number.isInteger(size) && size >= 1 && size <= 10_000) return size;
  const { SkewproofError } = await import("../errors.js");
  throw new SkewproofError("usage", `--batch ${text} is not a number of rows from 1 to 10000.`);
}
