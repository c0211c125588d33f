/** An option's text as a whole number of at least `least`. Throws `usage` naming the option. */
export async function wholeNumber(option: string, text: string, least: number): Promise<number> {
  const number = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least) return number;
  const { SkewproofError } = await import("../errors.js");
  throw new SkewproofError("usage", `${option} ${text} is no whole number of at least ${least}.`);
}
