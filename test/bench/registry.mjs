// A project of 2,000 views with 20,000 features: seconds of `skewproof check` from start to exit with nothing cached, and
// milliseconds from an edit in the language server until its findings are published. Prints one JSON line.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { openDuckdb } from "skewproof/offline/node/duckdb-session";

const command = path.resolve(import.meta.dirname, "../../core/bin/skewproof.mjs");
const sizes = { files: 100, viewsPerFile: 20, featuresPerView: 10, sources: 40, parquetFiles: 4, edits: 20 };

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function makeProject(root) {
  for (const folder of ["definitions", "data"]) mkdirSync(path.join(root, folder));
  writeFileSync(path.join(root, "skewproof.yaml"), "project: wide\nformat: 1\n");
  {
    await using session = await openDuckdb({ root });
    for (let file = 0; file < sizes.parquetFiles; file++)
      await session.run(
        `COPY (SELECT i % 1000 AS customer, TIMESTAMP '2020-01-01' + to_minutes(i::INTEGER) AS at, ${Array.from({ length: 10 }, (_, column) => `random() AS c${column}`).join(", ")}
         FROM range(200000) AS r(i)) TO 'data/events${file}.parquet' (FORMAT parquet)`,
      );
  }
  const shared = ["kind: entity\nname: customer\nkeys: [{ name: customer, type: int64 }]\nowner: a@example.com"];
  for (let source = 0; source < sizes.sources; source++)
    shared.push(
      `kind: source\nname: events${source}\npath: data/events${source % sizes.parquetFiles}.parquet\nevent_time: at\ntie_break: c${source % 10}\nowner: a@example.com`,
    );
  writeFileSync(path.join(root, "definitions/shared.yaml"), `${shared.join("\n---\n")}\n`);
  for (let file = 0; file < sizes.files; file++) writeFileSync(path.join(root, `definitions/area${file}.yaml`), area(file));
}

/** One file: views with their features, an on-demand view, a service and a model that read them. */
function area(file) {
  const documents = [];
  const names = [];
  for (let index = 0; index < sizes.viewsPerFile; index++) {
    const view = `view_${file}_${index}`;
    names.push(view);
    const features = Array.from({ length: sizes.featuresPerView }, (_, feature) => {
      const [a, b] = [(index + feature) % 10, (file + feature) % 10];
      const operand = `case when c${a} > 0.${1 + (file % 9)} then c${b} * ${index + 1} else c${a} + ${file} end`;
      return `  - { name: f_${file}_${index}_${feature}, type: float64, aggregate: avg(${operand}), window: ${feature + 1}d }`;
    });
    documents.push(
      `kind: feature_view\nname: ${view}\nentity: customer\nsource: events${(file * 7 + index) % sizes.sources}\nowner: a@example.com\nfeatures:\n${features.join("\n")}`,
    );
  }
  documents.push(
    `kind: on_demand_view\nname: now_${file}\ninputs: [${names[0]}]\nrequest: { amount: float64 }\nowner: a@example.com\nfeatures:\n  - { name: ratio_${file}, expression: amount / nullif(f_${file}_0_0, 0) }`,
    `kind: feature_service\nname: service_${file}\nfeatures: [${[...names, `now_${file}`].join(", ")}]\nowner: a@example.com`,
    `kind: model\nname: model_${file}\nservice: service_${file}\ntask: regression\noutput: { name: score }\nowner: a@example.com`,
  );
  return `${documents.join("\n---\n")}\n`;
}

function check(root) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "check"], { cwd: root, encoding: "utf8" });
  if (status !== 0 || !stdout.includes("0 errors, 0 warnings")) throw new Error(`check said: ${stdout.slice(0, 2000)}${stderr}`);
  return (performance.now() - began) / 1000;
}

/** Milliseconds of each edit, from the notification until the edited file's findings arrive. */
async function edits(root) {
  const server = spawn(process.execPath, [command, "lsp", "--project", root], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const send = (message) => {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  let arrived = () => undefined;
  let buffer = Buffer.alloc(0);
  server.stdout.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      const head = buffer.indexOf("\r\n\r\n");
      const length = head < 0 ? NaN : Number(/Content-Length: (\d+)/i.exec(buffer.toString("utf8", 0, head))?.[1]);
      if (!(buffer.length >= head + 4 + length)) return;
      const message = JSON.parse(buffer.toString("utf8", head + 4, head + 4 + length));
      buffer = buffer.subarray(head + 4 + length);
      if (message.id !== undefined && message.method !== undefined) send({ id: message.id, result: null });
      arrived(message);
    }
  });
  const wait = (wanted) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("The language server said nothing for 60 s.")), 60_000);
      arrived = (message) => {
        if (!wanted(message)) return;
        clearTimeout(timer);
        resolve(message);
      };
    });
  const file = path.join(root, "definitions/area50.yaml");
  const uri = pathToFileURL(file).href;
  const text = readFileSync(file, "utf8");
  const findings = (message) => message.method === "textDocument/publishDiagnostics" && message.params.uri === uri;

  const ready = wait(({ id }) => id === 1);
  send({ id: 1, method: "initialize", params: { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities: {} } });
  await ready;
  send({ method: "initialized", params: {} });
  // The first findings come with the first mistake: what has none is not published.
  let version = 1;
  const broken = (number) => text.replace("avg(case", `avg(nothing${number} + case`);
  const first = wait(findings);
  send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "yaml", version, text: broken(0) } } });
  await first;
  const times = [];
  for (let edit = 1; edit <= sizes.edits; edit++) {
    const next = wait(
      (message) => findings(message) && message.params.diagnostics.some((one) => one.message.includes(`nothing${edit}.`)),
    );
    const began = performance.now();
    send({
      method: "textDocument/didChange",
      params: { textDocument: { uri, version: ++version }, contentChanges: [{ text: broken(edit) }] },
    });
    await next;
    times.push(performance.now() - began);
  }
  server.kill();
  return times;
}

const root = mkdtempSync(path.join(tmpdir(), "skewproof-registry-bench-"));
const startedIn = process.cwd();
try {
  await makeProject(root);
  rmSync(path.join(root, ".skewproof"), { recursive: true, force: true });
  const cold = check(root);
  const cached = median([check(root), check(root), check(root)]);
  const times = await edits(root);
  const round = (value, digits) => Number(value.toFixed(digits));
  console.log(
    JSON.stringify({
      name: "check and edit, 20,000 features",
      goal: "3 s, 300 ms",
      views: sizes.files * (sizes.viewsPerFile + 1),
      features: sizes.files * (sizes.viewsPerFile * sizes.featuresPerView + 1),
      check_seconds: round(cold, 2),
      check_cached_seconds: round(cached, 2),
      edit_milliseconds: round(median(times), 0),
      edit_worst_milliseconds: round(Math.max(...times), 0),
    }),
  );
} finally {
  process.chdir(startedIn);
  rmSync(root, { recursive: true, force: true });
}
