// `npm run bench`: every benchmark in a process of its own, one JSON line a figure; a table at the end, and
// test/output/bench.json. `npm run bench -- offline` runs one.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;
const all = ["expressions", "registry", "offline", "windows", "online"];
const [only] = process.argv.slice(2);
if (only !== undefined && !all.includes(only)) {
  console.error(`There is no benchmark ${only}. Benchmarks: ${all.join(", ")}.`);
  process.exit(2);
}

const figures = [];
for (const name of all.filter((one) => only === undefined || one === only)) {
  const child = spawn(process.execPath, [path.join(here, `${name}.mjs`)], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    figures.push({ benchmark: name, ...JSON.parse(line) });
  }
  const status = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
  if (status !== 0) process.exitCode = 1;
}
const output = path.resolve(here, "../output");
mkdirSync(output, { recursive: true });
writeFileSync(path.join(output, "bench.json"), JSON.stringify(figures, undefined, 2));
console.table(figures.map(({ benchmark, name, goal, ratio }) => ({ benchmark, name, goal, ratio })));
