import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type AddressInfo } from "node:net";
import path from "node:path";
import { createServer } from "node:tls";
import { inspect } from "node:util";

import { openKeyValueStore } from "skewproof/online/node/open-key-value-store";
import { redisSettings } from "skewproof/online/node/redis-settings";
import { loadValidProject } from "skewproof/registry/node/load-project";
import { describe, expect, it, onTestFinished } from "vitest";

import { newProject, repository } from "../process/command-line.js";
import { redisFolder, redisServer, startRedis, stopRedis } from "../tools/redis-servers.js";
import { open, reading, writing } from "./store-under-test.js";

const secret = "s3cret-of-the-test";

describe("the settings of Redis", () => {
  it.each([
    [{}, "names no server"],
    [{ url: `redis://user:${secret}@host:1` }, "password: { env: NAME }"],
    [{ url: `redis://${secret}@host` }, "password: { env: NAME }"],
    [{ url: "http://host" }, "redis:// and rediss://"],
    [{ url: "host:6379" }, "redis:// and rediss://"],
    [{ url: "redis://host/name" }, "no database number"],
    [{ url: "redis://host/1", cluster: true }, "only database 0"],
    [{ url: "redis://host", ca: "ca.pem" }, "without TLS"],
    [{ url: "redis://host", cluster: true, sentinel: { name: "m", nodes: ["a:1"] } }, "both `cluster` and `sentinel`"],
    [{ url: "redis://host", passwordEnv: "NOT_SET" }, "NOT_SET, which is not set"],
  ])("%j are refused", (settings, said) => {
    let error: unknown;
    try {
      redisSettings({ store: "redis", ...settings }, "/", {});
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(said) as string });
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });

  it("are those of skewproof.yaml, and name no secret where they are shown", async () => {
    const root = newProject();
    const file = path.join(root, "skewproof.yaml");
    const online = `online:
  store: redis
  url: rediss://redis.example.com:6390
  username: features
  password: { env: REDIS_PASSWORD }
  sentinel: { name: main, nodes: ["a:1", "b", "[::1]:3"], username: watcher, password: { env: SENTINEL_PASSWORD } }
`;
    writeFileSync(file, `${readFileSync(file, "utf8").replace(/^online:.*\n/m, "")}\n${online}`);
    const { project } = await loadValidProject(root);
    const environment = { REDIS_PASSWORD: secret, SENTINEL_PASSWORD: `${secret}2` };
    const { kind, where, nodes, options } = redisSettings(project.online, root, environment);
    expect({ kind, nodes }).toEqual({
      kind: "sentinel",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 26_379 },
        { host: "::1", port: 3 },
      ],
    });
    expect(options).toMatchObject({
      name: "main",
      username: "features",
      password: secret,
      sentinelUsername: "watcher",
      sentinelPassword: `${secret}2`,
      tls: { servername: "redis.example.com" },
    });
    expect(where + JSON.stringify(project.online)).not.toContain(secret);
  });
});

describe("the settings in docs/online-stores.md", () => {
  const guide = readFileSync(path.join(repository, "docs/online-stores.md"), "utf8");
  const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);

  it.each(examples)("are valid and can be opened: %s", async (example) => {
    const root = newProject();
    const file = path.join(root, "skewproof.yaml");
    writeFileSync(file, `${readFileSync(file, "utf8").replace(/^online:.*\n/m, "")}\n${example}`);
    const loaded = await loadValidProject(root);
    mkdirSync(path.join(root, "certificates"));
    writeFileSync(path.join(root, "certificates/redis-ca.pem"), "");
    process.env["REDIS_PASSWORD"] = secret;
    const store = await openKeyValueStore(loaded, { readOnly: false });
    await store.close();
    expect(loaded.project.online.store).toBe(example.includes("redis") ? "redis" : "lmdb");
  });

  it("are of every kind", () => {
    expect(examples).toHaveLength(5);
  });
});

describe.skipIf(redisServer() === undefined)("a connection to Redis", () => {
  it("is made as an ACL user with a password of the environment; a wrong one is told without it", async () => {
    const acl = [
      "--user",
      "features",
      "on",
      `>${secret}`,
      "~skewproof:*",
      "+@read",
      "+@write",
      "+@scripting",
      "+ping",
      "+info",
      "+select",
    ];
    const server = await startRedis(["--requirepass", "other", ...acl]);
    onTestFinished(() => stopRedis(server));
    process.env["TEST_REDIS_PASSWORD"] = secret;
    const online = { store: "redis", url: `redis://127.0.0.1:${server.port}/1`, username: "features" } as const;
    const store = await open("/", { ...online, passwordEnv: "TEST_REDIS_PASSWORD" });
    await store.write("space", [writing("k", { "": "v", part: "p" })], { project: "shop", view: "orders", lastUsed: 1n });
    expect(await store.read([reading("space", "k", "", "part")])).toEqual([["v", "p"]]);
    expect(await store.keys("space", 10)).toEqual(["k"]);
    await store.drop("space");
    await store.close();
    process.env["TEST_REDIS_PASSWORD"] = `${secret}-wrong`;
    const wrong = await open("/", { ...online, passwordEnv: "TEST_REDIS_PASSWORD" });
    const error: unknown = await Promise.resolve(wrong.record("space")).catch((thrown: unknown) => thrown);
    await wrong.close();
    expect(error).toMatchObject({ code: "failed", message: expect.stringContaining("user and password") as string });
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
    const none = await open("/", { store: "redis", url: online.url });
    await expect(none.write("space", [])).rejects.toThrow("wants a password");
    await none.close();
  });

  it("is TLS where the url says so, and only to the server that the certificate is of", async () => {
    const folder = redisFolder();
    const file = (name: string): string => path.join(folder, name);
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const certificate = (name: string, host: string) =>
      openssl(
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ...["-keyout", `${name}.key`, "-out", `${name}.pem`, "-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`],
      );
    certificate("server", "localhost");
    certificate("other", "localhost");
    const server = await startRedis();
    // The servers that tests install are built without TLS: this stands in front of one.
    const tls = createServer({ key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")) }, (socket) => {
      const inner = connect(server.port, "127.0.0.1");
      for (const end of [socket, inner]) end.on("error", () => end.destroy());
      socket.pipe(inner).pipe(socket);
    });
    tls.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      tls.close();
      await stopRedis(server);
    });
    const { port } = tls.address() as AddressInfo;
    const store = await open(folder, { store: "redis", url: `rediss://localhost:${port}`, ca: "server.pem" });
    await store.write("space", [writing("k", { "": "v" })]);
    expect(await store.read([reading("space", "k", "")])).toEqual([["v"]]);
    await store.close();
    const stranger = await open(folder, { store: "redis", url: `rediss://localhost:${port}`, ca: "other.pem" });
    await expect(stranger.write("space", [])).rejects.toThrow(/certificate/);
    await stranger.close();
    await expect(open(folder, { store: "redis", url: `rediss://localhost:${port}`, ca: "none.pem" })).rejects.toMatchObject({
      code: "missing",
    });
  });
});
