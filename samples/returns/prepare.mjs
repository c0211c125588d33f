// Writes what a warehouse would hold beside the invoices: data/returns.parquet, each cancelled line with the purchase it takes
// back; data/outcomes.parquet, each line sold and when it came back; data/labels.parquet, the lines to learn from. See README.md.
import { renameSync } from "node:fs";
import path from "node:path";

import { openDuckdb } from "skewproof/offline/node/duckdb-session";

const root = import.meta.dirname;

/**
 * A cancellation names no invoice: it is counted to the customer's latest earlier moment of buying that item. Without a
 * customer, or where that customer never bought the item, nobody can say what it takes back.
 */
const returns = `
  WITH lines AS (SELECT * FROM read_parquet('data/retail.parquet') WHERE customer_id IS NOT NULL),
  purchases AS (SELECT DISTINCT customer_id, item, invoiced_at AS bought_at FROM lines WHERE quantity > 0),
  cancellations AS (SELECT * FROM lines WHERE starts_with(invoice, 'C') AND quantity < 0)
  SELECT c.customer_id, c.item, p.bought_at, c.invoiced_at AS returned_at, CAST(-c.quantity AS BIGINT) AS quantity, c.unit_price
  FROM cancellations AS c ASOF JOIN purchases AS p
    ON c.customer_id = p.customer_id AND c.item = p.item AND c.invoiced_at > p.bought_at
  ORDER BY ALL`;

/** Two lines of one item at one moment share their outcome. Adjustments (invoices A…) and gifts (price 0) are no sales. */
const outcomes = `
  WITH first_returns AS (
    SELECT customer_id, item, bought_at, min(returned_at) AS returned_at FROM read_parquet('data/returns.parquet') GROUP BY ALL)
  SELECT l.invoice, l.item, l.customer_id, l.country, CAST(l.quantity AS BIGINT) AS quantity, l.unit_price,
    l.invoiced_at AS bought_at, r.returned_at
  FROM read_parquet('data/retail.parquet') AS l LEFT JOIN first_returns AS r
    ON l.customer_id = r.customer_id AND l.item = r.item AND l.invoiced_at = r.bought_at
  WHERE l.quantity > 0 AND l.unit_price > 0 AND NOT starts_with(l.invoice, 'A')
  ORDER BY ALL`;

/** Every third invoice by its hash, from March, when 90 days of history are there, to 30 days before the data end. */
const labels = `
  SELECT invoice, item, customer_id, country, quantity, unit_price, bought_at AS ordered_at, bought_at AS event_timestamp,
    CASE WHEN customer_id IS NOT NULL THEN coalesce(returned_at <= bought_at + INTERVAL 30 DAY, false) END AS returned
  FROM read_parquet('data/outcomes.parquet')
  WHERE bought_at >= TIMESTAMP '2011-03-01' AND bought_at < TIMESTAMP '2011-11-09'
    AND ('0x' || substr(md5(invoice), 1, 8))::BIGINT % 3 = 0
  ORDER BY ALL`;

await using session = await openDuckdb({ root });
for (const [name, sql] of Object.entries({ returns, outcomes, labels })) {
  const file = path.join(root, "data", `${name}.parquet`);
  const temporary = `data/${name}.${process.pid}.tmp`;
  await session.run(`COPY (${sql}) TO '${temporary}' (FORMAT parquet, COMPRESSION zstd)`);
  renameSync(path.join(root, temporary), file);
  const [[rows]] = await session.rows(`SELECT count(*) FROM read_parquet('data/${name}.parquet')`);
  console.log(`data/${name}.parquet: ${Number(rows).toLocaleString("en")} rows`);
}
