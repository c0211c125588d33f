import { literalToDuckdb } from "../../expressions/to-duckdb.js";
import type { DuckdbSession } from "../../offline/node/duckdb-session.js";
import { keyList } from "../../offline/view-rows.js";
import { fromJsonValue } from "../../values/json-value.js";
import type { OnlineStore } from "../key-value-store.js";
import { newRows } from "../new-rows.js";
import type { OnlineView } from "../online-view.js";
import { writeKey } from "../write-key.js";

/** Keys compared with the source's at a time. */
const page = 5000;

/** Removes the keys of a space that no row of the source has by `until` (microseconds); returns how many. */
export async function removeVanishedKeys(
  session: DuckdbSession,
  store: OnlineStore,
  online: OnlineView,
  space: string,
  until: bigint,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { keys } = online.view;
  if (keys.length === 0) return 0;
  const names = keyList(online.view);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE _present AS SELECT DISTINCT ${names.join(", ")} FROM (${newRows(online, { after: undefined, until })})`,
    signal,
  );
  let removed = 0;
  let last: string | undefined;
  for (;;) {
    const stored = await store.keys(space, page, last);
    if (stored.length === 0) return removed;
    last = stored.at(-1);
    const lines = stored.map((key, index) => {
      // `keyText` wrote it.
      const parts = JSON.parse(key) as unknown[];
      const values = keys.map(({ type }, at) => literalToDuckdb(fromJsonValue(parts[at], type), type));
      return `(${[index, ...values].join(", ")})`;
    });
    const gone = await session.rows(
      `SELECT _index FROM (VALUES ${lines.join(", ")}) AS s(${["_index", ...names].join(", ")}) ANTI JOIN _present USING (${names.join(", ")})`,
      signal,
    );
    const writings = gone.flatMap(([index]) => {
      const key = stored[Number(index)];
      return key === undefined ? [] : [{ key, work: () => writeKey(online, [], { keepUntil: undefined, until }) }];
    });
    await store.write(space, writings);
    removed += writings.length;
  }
}
