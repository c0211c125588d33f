// Opens each of the folders' stores, reads all it should hold, and, unless read only, writes; a line of JSON for each. Arguments:
// `read` or `write`, and the folders.
import { openLmdbKeyValueStore } from "skewproof/online/node/lmdb-key-value-store";

const [mode, ...folders] = process.argv.slice(2);
const get = (key) => ({
  space: "space",
  key,
  *work() {
    const [head] = yield [""];
    const [part] = yield ["part"];
    return `${head} ${part}`;
  },
});
for (const folder of folders) {
  try {
    const store = openLmdbKeyValueStore(folder, { readOnly: mode === "read" });
    const keys = Array.from({ length: 400 }, (_, at) => `key ${at}`);
    const found = store.read(keys.map(get));
    const wrong = found.filter((value, at) => value !== `${at} ${"p".repeat((at * 37) % 6000)}`).length;
    const listed = (await store.keys("space", 1000)).length;
    if (mode === "write")
      await store.write(
        "other",
        keys.map((key) => ({
          key,
          *work() {
            yield [""];
            return [{ part: "", value: Buffer.alloc(3000) }];
          },
        })),
      );
    console.log(JSON.stringify({ wrong, listed, record: String(store.record("space")?.lastUsed) }));
    await store.close();
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }));
  }
}
