import { setTimeout as later } from "node:timers/promises";

import { Cluster, Redis, type RedisOptions } from "ioredis";

import { slotOf } from "./redis-keys.js";
import type { RedisSettings } from "./redis-settings.js";

export interface RedisCommand {
  /** A name with the command's tag. */
  readonly name: string;
  readonly args: readonly [string, ...(string | Buffer | number)[]];
}

/** One server, or a cluster's masters, behind one connection each. Errors of single commands are values. */
export interface RedisServers {
  /** Waits until commands can be sent; throws the server's last error when that takes longer. */
  ready(milliseconds: number): Promise<void>;
  /** True when `ready` never was. */
  isNew(): boolean;
  /** The answer is whole, or an error, for every group of names; in a cluster the names of a group share a tag. */
  read(groups: readonly (readonly string[])[]): Promise<readonly (readonly (Buffer | null)[] | Error)[]>;
  /** One batch for each server. A command with an error may have been done where the connection was lost, else not. */
  send(commands: readonly RedisCommand[]): Promise<readonly unknown[]>;
  readonly spreads: boolean;
  /** Names of one server, as far as is known, have the same answer. */
  serverOf(name: string): string;
  /** For commands that are of one server's keys, like SCAN; in an order that stays. */
  masters(): readonly Redis[];
  close(): Promise<void>;
}

const common = {
  protocol: 2,
  connectTimeout: 3000,
  // A server that is connected but silent is given up, so that what waits for it does not pile up.
  socketTimeout: 5000,
  disableClientInfo: true,
  // Nothing is sent twice without being asked: the answer that was lost may have been a success.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} satisfies RedisOptions;
const retryDelay = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 2000);

export function connectRedis({ kind, nodes, options }: RedisSettings): RedisServers {
  return kind === "cluster" ? connectCluster(nodes, options) : connectServer(kind, nodes, options);
}

function connectServer(
  kind: "single" | "sentinel",
  nodes: RedisSettings["nodes"],
  options: RedisSettings["options"],
): RedisServers {
  const client = new Redis({
    ...common,
    ...options,
    ...(kind === "sentinel"
      ? {
          sentinels: [...nodes],
          failoverDetector: true,
          sentinelReconnectStrategy: retryDelay,
          sentinelRetryStrategy: retryDelay,
        }
      : nodes[0]),
    enableOfflineQueue: false,
    retryStrategy: retryDelay,
    // A master that became a replica: look for the new one.
    reconnectOnError: (error) => /^READONLY|-READONLY /.test(error.message),
  });
  const readiness = watchReadiness(client);
  const send = async (commands: readonly RedisCommand[]): Promise<readonly unknown[]> => sendTo(client, commands);
  return {
    ...readiness,
    async read(groups) {
      try {
        const values = await client.mgetBuffer(groups.flat());
        let at = 0;
        return groups.map(({ length }) => values.slice(at, (at += length)));
      } catch (error) {
        return groups.map(() => asError(error));
      }
    },
    send,
    spreads: false,
    serverOf: () => "",
    masters: () => [client],
    close() {
      client.disconnect();
      return Promise.resolve();
    },
  };
}

function connectCluster(nodes: RedisSettings["nodes"], options: RedisSettings["options"]): RedisServers {
  const cluster = new Cluster([...nodes], {
    redisOptions: { ...common, ...options },
    enableOfflineQueue: false,
    slotsRefreshTimeout: 3000,
    slotsRefreshInterval: 5000,
    clusterRetryStrategy: retryDelay,
    // Certificates are of names: without this a node's name would be resolved before TLS sees it.
    ...(options.tls === undefined ? {} : { dnsLookup: (address, callback) => callback(null, address) }),
  });
  const readiness = watchReadiness(cluster);
  const masters = (): Redis[] => cluster.nodes("master").sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  const serverOf = (name: string): string => cluster.slots[slotOf(name)]?.[0] ?? "";
  const alone = async ({ args }: RedisCommand): Promise<unknown> => {
    try {
      const [command, ...rest] = args;
      return await cluster.callBuffer(command, ...rest);
    } catch (error) {
      return asError(error);
    }
  };
  const send = async (commands: readonly RedisCommand[]): Promise<readonly unknown[]> => {
    const servers = new Map(masters().map((server) => [addressOf(server), server]));
    const batches = new Map<Redis, number[]>();
    const answers: unknown[] = commands.map(() => undefined);
    const rest: number[] = [];
    for (const [at, { name }] of commands.entries()) {
      const server = servers.get(serverOf(name));
      if (server === undefined) rest.push(at);
      else {
        const batch = batches.get(server);
        if (batch === undefined) batches.set(server, [at]);
        else batch.push(at);
      }
    }
    await Promise.all(
      [...batches].map(async ([server, places]) => {
        const found = await sendTo(
          server,
          places.map((at) => commands[at]).filter((command) => command !== undefined),
        );
        for (const [index, at] of places.entries()) {
          const answer = found[index];
          // Not done there: the client finds the server that does it.
          if (answer instanceof Error && /^(MOVED|ASK|TRYAGAIN) /.test(answer.message)) rest.push(at);
          else answers[at] = answer;
          if (answer instanceof Error && isConnectionLost(answer)) cluster.refreshSlotsCache();
        }
      }),
    );
    await Promise.all(
      rest.map(async (at) => {
        const command = commands[at];
        if (command !== undefined) answers[at] = await alone(command);
      }),
    );
    return answers;
  };
  return {
    ...readiness,
    async read(groups) {
      const answers = await send(groups.map((names) => ({ name: names[0] ?? "", args: ["MGET", ...names] })));
      // MGET's answer has this form.
      return answers as readonly ((Buffer | null)[] | Error)[];
    },
    send,
    spreads: true,
    serverOf,
    masters,
    close: () => closeCluster(cluster),
  };
}

async function sendTo(server: Redis, commands: readonly RedisCommand[]): Promise<readonly unknown[]> {
  const pipeline = server.pipeline();
  for (const {
    args: [command, ...rest],
  } of commands)
    pipeline.callBuffer(command, ...rest);
  try {
    const answers = (await pipeline.exec()) ?? [];
    return commands.map((_, at) => {
      const [error, answer] = answers[at] ?? [new Error("The connection was lost."), undefined];
      return error ?? answer;
    });
  } catch (error) {
    return commands.map(() => asError(error));
  }
}

/** A cluster that is still connecting goes on with it whatever it is told, and would keep the process: it is waited for. */
async function closeCluster(cluster: Cluster): Promise<void> {
  if (cluster.status === "connecting" || cluster.status === "connect")
    await Promise.race([
      new Promise<void>((resolve) => {
        for (const event of ["ready", "close", "end"]) cluster.once(event, () => resolve());
      }),
      later(3000, undefined, { ref: false }),
    ]);
  cluster.once("ready", () => cluster.disconnect());
  cluster.disconnect();
}

function watchReadiness(client: Redis | Cluster): Pick<RedisServers, "ready" | "isNew"> {
  let isNew = true;
  let last: Error | undefined;
  client.on("ready", () => {
    isNew = false;
    last = undefined;
  });
  // Without a listener an error that no command waits for would end the process.
  client.on("error", (error: Error) => {
    last = error;
  });
  return {
    isNew: () => isNew,
    async ready(milliseconds) {
      const end = performance.now() + milliseconds;
      for (let pause = 1; !isReady(client); pause = Math.min(pause * 2, 50)) {
        if (client.status === "end") throw new Error("The connection is closed.");
        // Waiting mends none of these.
        if (last !== undefined && /^(NOAUTH|WRONGPASS|NOPERM)|certificate/.test(last.message)) throw last;
        if (performance.now() >= end) throw last ?? new Error(`no answer within ${milliseconds} ms`);
        await later(Math.min(pause, Math.max(1, end - performance.now())));
      }
    },
  };
}

/** Between a connection's end and its closing the client says `ready`, and takes nothing. */
function isReady(client: Redis | Cluster): boolean {
  return client.status === "ready" && (client instanceof Cluster || client.stream.writable);
}

export function isConnectionLost(error: Error): boolean {
  return (
    /^(Connection is closed|The connection|Stream isn't writeable|Socket|Cluster isn't ready|Too many Cluster|Failed to refresh)/.test(
      error.message,
    ) || error.name === "MaxRetriesPerRequestError"
  );
}

const addressOf = ({ options: { host, port } }: Redis): string => `${host ?? ""}:${String(port)}`;
const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
