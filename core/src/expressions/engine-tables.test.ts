import { describe, expect, it } from "vitest";

import { openDuckdb } from "../offline/node/duckdb-session.js";
import { changeCase } from "./text-in-javascript.js";
import { timeZoneNames } from "./time-zone-names.js";
import { atZone } from "./zone-in-javascript.js";

// What engines bring as tables of their own: letters and time zones.
describe("tables that engines bring", () => {
  // No letter beyond the first two planes has a case.
  it("letters change their case alike, all of Unicode 15", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const different = (
      await session.rows(
        "SELECT n::INTEGER, lower('-' || chr(n::INTEGER)), upper('-' || chr(n::INTEGER)) FROM range(1, 131072) AS t(n) WHERE n NOT BETWEEN 55296 AND 57343",
      )
    ).filter(([n, lower, upper]) => {
      const letter = `-${String.fromCodePoint(Number(n))}`;
      return changeCase(letter, "lower") !== lower || changeCase(letter, "upper") !== upper;
    });
    const old = different.map(([n]) => Number(n)).filter((code) => !isNewLetter(code));
    expect(old.map((code) => code.toString(16))).toEqual([]);
  });

  it("every zone is known to both, with the same clock at the changes of a year and in the far past", async () => {
    await using session = await openDuckdb({ root: process.cwd() });
    const moments = [
      "1850-06-01 12:00:00",
      "1911-03-10 23:50:00",
      "1945-08-14 23:00:00",
      "1972-04-30 01:59:59",
      "1996-03-31 00:59:59.999999",
      "1996-03-31 01:00:00",
      "2005-10-30 00:59:59",
      "2007-11-04 06:00:00",
      "2011-12-30 10:00:00",
      "2016-02-29 12:34:56",
      "2019-12-31 23:59:59",
    ];
    const values = moments.map((text) => `TIMESTAMP '${text}'`).join(", ");
    const columns = timeZoneNames.map((zone) => `epoch_us(timezone('${zone}', t::TIMESTAMPTZ))`);
    const rows = await session.rows(`SELECT epoch_us(t), ${columns.join(", ")} FROM (SELECT unnest([${values}]) AS t)`);
    const different = rows.flatMap(([at, ...clocks]) =>
      timeZoneNames
        .filter((zone, index) => atZone(zone)(at as bigint) !== clocks[index])
        .map((zone) => `${zone} at ${String(at as bigint)}`),
    );
    expect(different).toEqual([]);
  }, 60_000);
});

/** Letters of scripts and blocks that came with Unicode 16 and 17. */
function isNewLetter(code: number): boolean {
  const blocks: readonly (readonly [number, number])[] = [
    [0x1c89, 0x1c8a],
    [0xa7cb, 0xa7dc],
    [0x10d50, 0x10d85],
    [0x16ea0, 0x16ed3],
    [0x19b, 0x19b],
    [0x264, 0x264],
  ];
  return blocks.some(([first, last]) => code >= first && code <= last);
}
