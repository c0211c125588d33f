// A writer that faults.test.ts kills: node writer.mjs ROOT SEED TAIL_BYTES. Prints what was acknowledged, a line a batch.
import { writeSync } from "node:fs";

import { loadValidProject } from "skewproof/registry/node/load-project";
import { openPusher } from "skewproof/streams/node/push-rows";

const [root = "", seed = "", tailBytes = ""] = process.argv.slice(2);
let state = Number(seed);
/** The mulberry32 generator. */
const random = (below) => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
};
const loaded = await loadValidProject(root);
const pusher = openPusher(loaded, "clicks", { tailBytes: Number(tailBytes) });
const loop = async () => {
  for (;;) {
    const rows = Array.from({ length: 1 + random(40) }, () => ({
      click_id: String(random(20_000)),
      customer_id: 1,
      clicked_at: "2026-01-01T10:00:00Z",
      page: "x".repeat(random(200)),
    }));
    try {
      const { rows: outcomes } = await pusher.push(rows.map((json) => ({ row: { json } })));
      writeSync(1, `${outcomes.map(({ position }, index) => `${rows[index]?.click_id} ${position}`).join(",")}\n`);
    } catch (error) {
      writeSync(1, `failed ${error.code} ${error.message.replaceAll("\n", " ")}\n`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};
await Promise.all([loop(), loop()]);
