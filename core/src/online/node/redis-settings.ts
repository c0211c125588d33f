import { readFileSync } from "node:fs";
import path from "node:path";
import type { ConnectionOptions } from "node:tls";

import type { RedisOptions } from "ioredis";

import { SkewproofError } from "../../errors.js";
import type { OnlineSettings } from "../../registry/bound-project.js";

export interface RedisSettings {
  readonly kind: "single" | "cluster" | "sentinel";
  /** For messages: no secret is in it. */
  readonly where: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly options: Pick<
    RedisOptions,
    | "name"
    | "username"
    | "password"
    | "db"
    | "tls"
    | "sentinelUsername"
    | "sentinelPassword"
    | "sentinelTLS"
    | "enableTLSForSentinelMode"
  >;
}

/**
 * What `online:` of skewproof.yaml says of Redis, with the secrets that it names in the environment.
 * Throws `usage` for settings that make no sense and for a password in the url, which it never repeats.
 */
export function redisSettings(
  { url, cluster = false, sentinel, ca, username, passwordEnv }: OnlineSettings,
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
): RedisSettings {
  if (url === undefined && sentinel === undefined)
    throw wrong("names no server. Add `url: redis://HOST:PORT`, or `sentinel: { name, nodes }`");
  if (cluster && sentinel !== undefined) throw wrong("has both `cluster` and `sentinel`; a cluster fails over by itself");
  const address = parseUrl(url ?? `redis://${sentinel?.nodes[0] ?? ""}`);
  const database = address.pathname.replace(/^\//, "");
  if (!/^\d{0,5}$/.test(database)) throw wrong(`has a url whose path is no database number: ${address.pathname}`);
  if (cluster && Number(database) !== 0) throw wrong("has a database number in its url; a cluster has only database 0");
  const tls = address.protocol === "rediss:" ? tlsOptions(address.hostname, ca, root) : undefined;
  if (ca !== undefined && tls === undefined) throw wrong("has `ca` but no `rediss://` url; without TLS it means nothing");
  const secret = (name: string | undefined): string | undefined => {
    if (name === undefined) return undefined;
    const value = environment[name];
    if (value === undefined || value === "") throw wrong(`takes its password from ${name}, which is not set in the environment`);
    return value;
  };
  const password = secret(passwordEnv);
  const sentinelPassword = secret(sentinel?.passwordEnv);
  return {
    kind: cluster ? "cluster" : sentinel === undefined ? "single" : "sentinel",
    where:
      sentinel === undefined
        ? `${address.protocol}//${address.host}`
        : `${sentinel.name} of the sentinels ${sentinel.nodes.join(", ")}`,
    nodes: sentinel === undefined ? [hostAndPort(address.host, 6379)] : sentinel.nodes.map((node) => hostAndPort(node, 26_379)),
    options: {
      db: Number(database),
      ...(tls === undefined ? {} : { tls }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(sentinel === undefined ? {} : { name: sentinel.name }),
      ...(sentinel?.username === undefined ? {} : { sentinelUsername: sentinel.username }),
      ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
      ...(sentinel === undefined || tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    },
  };
}

function parseUrl(url: string): URL {
  let address: URL;
  try {
    address = new URL(url);
  } catch {
    throw wrong("has a url that is none. It looks like redis://HOST:PORT");
  }
  // Before anything is said of the url: what is in front of the @ is not repeated.
  if (address.username !== "" || address.password !== "")
    throw wrong("has a user or a password in its url. Give `username:` and `password: { env: NAME }` instead");
  if (address.protocol !== "redis:" && address.protocol !== "rediss:")
    throw wrong(`has a url of the kind ${address.protocol}//; Redis' are redis:// and rediss://`);
  if (address.hostname === "") throw wrong("has a url without a host");
  return address;
}

function tlsOptions(host: string, ca: string | undefined, root: string): ConnectionOptions {
  if (ca === undefined) return { servername: host };
  try {
    return { servername: host, ca: readFileSync(path.resolve(root, ca)) };
  } catch (error) {
    throw new SkewproofError("missing", `The certificate file ${ca} of the online store cannot be read.`, { cause: error });
  }
}

function hostAndPort(text: string, port: number): { readonly host: string; readonly port: number } {
  const { hostname, port: own } = parseUrl(`redis://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: own === "" ? port : Number(own) };
}

const wrong = (what: string): SkewproofError => new SkewproofError("usage", `\`online:\` in skewproof.yaml ${what}.`);
