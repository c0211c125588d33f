import type { Value } from "skewproof/values/value";

/** One invoice line; money in ten-thousandths of a pound, moments in microseconds. */
export interface Line {
  readonly invoice: string;
  readonly item: string;
  readonly description: string | null;
  readonly quantity: bigint;
  readonly at: bigint;
  readonly price: bigint;
  readonly customer: bigint | null;
  readonly country: string;
}

interface Order {
  readonly at: bigint;
  readonly lines: number;
  readonly amount: bigint;
}

interface Return {
  readonly customer: bigint;
  readonly item: string;
  readonly bought: bigint;
  readonly returned: bigint;
  readonly quantity: bigint;
  readonly price: bigint;
}

/** What is asked for: a line that is sold at `at`, or a customer and an item at that moment. */
export interface Asked {
  readonly customer: bigint | null;
  readonly item: string;
  readonly country: string;
  readonly at: bigint;
  readonly quantity: bigint;
  readonly price: bigint;
}

const hour = 3_600_000_000n;
const day = 24n * hour;

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
const mean = (all: readonly number[]): number | null =>
  all.length === 0 ? null : all.reduce((sum, one) => sum + one, 0) / all.length;
const sum = (all: readonly bigint[]): bigint | null => (all.length === 0 ? null : all.reduce((total, one) => total + one, 0n));
const share = <T>(all: readonly T[], is: (one: T) => boolean): number | null => mean(all.map((one) => (is(one) ? 1 : 0)));
const daysBetween = (from: bigint, to: bigint): bigint => to / day - from / day;
const isSold = ({ quantity }: Line): boolean => quantity > 0n;
const isCancelled = ({ quantity }: Line): boolean => quantity < 0n;
const isSale = ({ invoice, quantity, price }: Line): boolean => quantity > 0n && price > 0n && !invoice.startsWith("A");
const ratio = (a: number, b: number | null): number | null => (b === null || b === 0 ? null : a / b);
const pounds = (amount: bigint): number => Number(amount) / 10_000;

function stddev(all: readonly number[]): number | null {
  const middle = mean(all);
  if (middle === null || all.length < 2) return null;
  return Math.sqrt(all.reduce((total, one) => total + (one - middle) ** 2, 0) / (all.length - 1));
}

function groups<T>(all: readonly T[], key: (one: T) => string | undefined): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const name = key(one);
    if (name === undefined) continue;
    const group = found.get(name);
    if (group === undefined) found.set(name, [one]);
    else group.push(one);
  }
  return found;
}

const customerOf = ({ customer }: { customer: bigint | null }): string | undefined =>
  customer === null ? undefined : String(customer);
const pairOf = (one: { customer: bigint | null; item: string }): string | undefined =>
  one.customer === null ? undefined : `${one.customer} ${one.item}`;

/** The sample's features by plain loops over the invoice lines: what the definitions mean, computed without their SQL. */
export function returnsByHand(lines: readonly Line[]) {
  const ofCustomer = groups(lines, customerOf);
  const ofItem = groups(lines, ({ item }) => item);
  const ofPair = groups(lines, pairOf);

  const returns: Return[] = [];
  for (const line of lines) {
    if (!line.invoice.startsWith("C") || !isCancelled(line) || line.customer === null) continue;
    let bought: bigint | undefined;
    for (const { at } of (ofPair.get(pairOf(line) ?? "") ?? []).filter(isSold))
      if (at < line.at && (bought === undefined || at > bought)) bought = at;
    if (bought === undefined) continue;
    const { customer, item, at: returned, price } = line;
    returns.push({ customer, item, bought, returned, quantity: -line.quantity, price });
  }
  const returnsOfCustomer = groups(returns, customerOf);
  const returnsOfPair = groups(returns, pairOf);

  const ordersOfCustomer = new Map<string, Order[]>();
  for (const [customer, all] of ofCustomer)
    ordersOfCustomer.set(
      customer,
      [...groups(all.filter(isSold), ({ invoice }) => invoice).values()].map((order) => ({
        at: order.reduce((latest, { at }) => (at > latest ? at : latest), 0n),
        lines: order.length,
        amount: order.reduce((total, { quantity, price }) => total + quantity * price, 0n),
      })),
    );

  /** Whether a line came back within 30 days; null where nobody can say. */
  function isReturned(line: { customer: bigint | null; item: string; at: bigint }): boolean | null {
    if (line.customer === null) return null;
    const all = returnsOfPair.get(pairOf(line) ?? "") ?? [];
    return all.some(({ bought, returned }) => bought === line.at && returned <= line.at + 30n * day);
  }

  /** The week's load that was there at t: all up to Thursday midnight, from 06:00 on. */
  const loadAt = (t: bigint): bigint => ((t - 6n * hour) / (7n * day)) * 7n * day;

  const outcomes = lines.filter(isSale).flatMap((line) => {
    const returned = isReturned(line);
    return returned === null ? [] : [{ item: line.item, country: line.country, at: line.at, returned }];
  });
  const outcomesOfItem = groups(outcomes, ({ item }) => item);
  const outcomesOfCountry = groups(outcomes, ({ country }) => country);
  /** Outcomes of the lines whose 30 days were over at the load; of lines sold in the `days` before it, if given. */
  const settled = (all: readonly { at: bigint; returned: boolean }[] | undefined, load: bigint, days?: bigint): boolean[] => {
    const [from, to] = [days === undefined ? 0n : load - days * day, load + 6n * hour - 30n * day];
    return (all ?? []).flatMap(({ at, returned }) => (at < load && at <= to && at >= from ? [returned] : []));
  };

  // A country has hundreds of thousands of lines and few loads.
  const settledOfCountry = new Map<string, boolean[]>();
  function settledCountry(country: string, load: bigint): boolean[] {
    const name = `${country} ${load}`;
    const found = settledOfCountry.get(name) ?? settled(outcomesOfCountry.get(country), load, 90n);
    settledOfCountry.set(name, found);
    return found;
  }

  function latest<T>(all: readonly T[], order: (a: T, b: T) => number): T | undefined {
    return all.reduce<T | undefined>((best, one) => (best === undefined || order(one, best) > 0 ? one : best), undefined);
  }

  function customerFeatures(customer: bigint, item: string, t: bigint): Record<string, Value> {
    const name = String(customer);
    const load = loadAt(t);
    const before = (ofCustomer.get(name) ?? []).filter(({ at }) => at < t);
    const recent = (days: bigint): Line[] => before.filter(({ at }) => at >= t - days * day);
    const net = (all: readonly Line[]): bigint | null => sum(all.map(({ quantity, price }) => quantity * price));
    const orders = (ordersOfCustomer.get(name) ?? []).filter(({ at }) => at < load);
    const ordersOf = (days: bigint): Order[] => orders.filter(({ at }) => at >= load - days * day);
    const last = latest(orders, (a, b) => compare(a.at, b.at) || compare(a.amount, b.amount) || compare(a.lines, b.lines));
    const lastOrder = last !== undefined && load - last.at <= 90n * day ? last : undefined;
    const back = (returnsOfCustomer.get(name) ?? []).filter(({ bought, returned }) => bought < t && returned <= t);
    const backOf = (days: bigint): Return[] => back.filter(({ bought }) => bought >= t - days * day);
    const amount = ({ quantity, price }: Return): bigint => quantity * price;
    const days = ({ bought, returned }: Return): bigint => daysBetween(bought, returned);
    const late = latest(
      back,
      (a, b) =>
        compare(a.bought, b.bought) ||
        compare(a.returned, b.returned) ||
        compare(amount(a), amount(b)) ||
        compare(days(a), days(b)),
    );
    const lastReturn = late !== undefined && t - late.bought <= 180n * day ? late : undefined;
    const pair = (ofPair.get(`${customer} ${item}`) ?? []).filter(({ at }) => at < t);
    const ordered = before.toSorted((a, b) => compare(a.at, b.at) || compare(a.item, b.item));
    const bought = [...groups(before, (line) => line.item)].map(([one, all]) => ({ one, count: all.length }));
    bought.sort((a, b) => b.count - a.count || compare(a.one, b.one));
    const items = ordered.filter(({ at }) => at >= t - 90n * day).map((line) => line.item);
    const lastLine = before.toSorted((a, b) => compare(a.at, b.at) || compare(a.country, b.country)).at(-1);
    return {
      customer_lines_7d: BigInt(recent(7n).filter(isSold).length),
      customer_lines_90d: BigInt(recent(90n).filter(isSold).length),
      customer_items_90d: BigInt(new Set(recent(90n).map((line) => line.item)).size),
      customer_cancelled_lines_30d: BigInt(recent(30n).filter(isCancelled).length),
      customer_cancelled_share_90d: share(recent(90n), isCancelled),
      customer_net_30d: net(recent(30n)),
      customer_net: net(before),
      customer_first_at: before.reduce<bigint | null>((first, { at }) => (first === null || at < first ? at : first), null),
      customer_last_items: items.length === 0 ? null : items.slice(-5),
      customer_top_items: bought.length === 0 ? null : bought.slice(0, 3).map(({ one }) => one),
      customer_country: lastLine?.country ?? null,
      customer_orders_30d: BigInt(ordersOf(30n).length),
      customer_orders_90d: BigInt(ordersOf(90n).length),
      customer_orders_total: BigInt(orders.length),
      customer_order_mean_90d: mean(ordersOf(90n).map((order) => pounds(order.amount))),
      customer_order_largest_90d: latest(ordersOf(90n), (a, b) => compare(a.amount, b.amount))?.amount ?? null,
      customer_order_lines_stddev: stddev(orders.map((order) => order.lines)),
      last_order_amount: lastOrder?.amount ?? null,
      last_order_lines: lastOrder === undefined ? null : BigInt(lastOrder.lines),
      customer_returns_30d: BigInt(backOf(30n).length),
      customer_returns_90d: BigInt(backOf(90n).length),
      customer_returned_amount_90d: sum(backOf(90n).map(amount)),
      customer_days_to_return: mean(back.map((one) => Number(days(one)))),
      last_return_amount: lastReturn === undefined ? null : amount(lastReturn),
      last_return_days: lastReturn === undefined ? null : days(lastReturn),
      pair_bought: BigInt(pair.filter(isSold).length),
      pair_cancelled: BigInt(pair.filter(isCancelled).length),
      pair_net_pieces: sum(pair.map(({ quantity }) => quantity)),
    };
  }

  /** Every feature of the sample's services, by name; those of an unknown customer are absent, which is null. */
  function features(asked: Asked): Record<string, Value> {
    const { customer, item, country, at: t, quantity, price } = asked;
    const load = loadAt(t);
    const known = customer === null ? {} : customerFeatures(customer, item, t);
    const all = ofItem.get(item) ?? [];
    const recent = all.filter(({ at }) => at < t && at >= t - 30n * day);
    const buyers = new Set(recent.flatMap((line) => line.customer ?? []));
    const pieces = mean(recent.filter(isSold).map((line) => Number(line.quantity)));
    const name = (line: Line): string => line.description?.replace(/^ +| +$/g, "") ?? "";
    const sale = latest(
      all.filter((line) => isSale(line) && line.at < load),
      (a, b) => compare(a.at, b.at) || compare(name(a), name(b)) || compare(a.price, b.price),
    );
    const catalogue = sale !== undefined && load - sale.at <= 180n * day ? sale : undefined;
    const [rates, rates90] = [settled(outcomesOfItem.get(item), load), settled(outcomesOfItem.get(item), load, 90n)];
    const countryRates = settledCountry(country, load);
    const first = known["customer_first_at"] ?? null;
    const orderMean = known["customer_order_mean_90d"] ?? null;
    return {
      ...known,
      item_lines_7d: BigInt(recent.filter((line) => isSold(line) && line.at >= t - 7n * day).length),
      item_lines_30d: BigInt(recent.filter(isSold).length),
      item_customers_30d: BigInt(buyers.size),
      item_pieces_mean_30d: pieces,
      item_net_30d: sum(recent.map((line) => line.quantity * line.price)),
      item_cancelled_share_30d: share(recent, isCancelled),
      item_settled_lines: BigInt(rates.length),
      item_return_rate: share(rates, (returned) => returned),
      item_return_rate_90d: share(rates90, (returned) => returned),
      catalogue_name: catalogue === undefined ? null : name(catalogue),
      catalogue_price: catalogue?.price ?? null,
      country_settled_lines_90d: BigInt(countryRates.length),
      country_return_rate_90d: share(countryRates, (returned) => returned),
      pieces: quantity,
      price,
      line_amount: quantity * price,
      order_hour: (t / hour) % 24n,
      order_weekday: (t / day + 4n) % 7n,
      is_guest: customer === null,
      customer_days_known: typeof first === "bigint" ? daysBetween(first, t) : null,
      pieces_against_item: ratio(Number(quantity), pieces),
      price_against_catalogue: ratio(pounds(price), catalogue === undefined ? null : pounds(catalogue.price)),
      amount_against_orders: ratio(pounds(quantity * price), typeof orderMean === "number" ? orderMean : null),
    };
  }

  return { features, isReturned };
}
