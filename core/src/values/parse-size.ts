import { SkewproofError } from "../errors.js";

const units: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** Bytes of a size such as `512MB` or `2GB`. Throws `usage` naming the option. */
export function parseSize(text: string, option: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)i?B$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * (units[unit.toUpperCase()] ?? 0);
  if (number === "" || bytes < 1) throw new SkewproofError("usage", `${option} ${text} is no size such as 512MB or 2GB.`);
  return Math.floor(bytes);
}
