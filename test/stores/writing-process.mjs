// Writes to a store until it is killed, or so many batches: every key of a batch gets the batch's number, in its head and in a part,
// and the record names it. With "grow" the keys are always new ones and large. Says where it failed. Arguments: the settings as JSON, the root, the space, the number of batches, and `set`, `add` or `grow`.
import { openKeyValueStore } from "skewproof/online/node/open-key-value-store";

const [settings, root, space, batches, mode] = process.argv.slice(2);
const store = await openKeyValueStore({ root, project: { online: JSON.parse(settings) } }, { readOnly: false });
for (let number = 1; number <= Number(batches); number++) {
  const value = Buffer.from(String(number));
  const writings = Array.from({ length: 20 }, (_, at) => ({
    key: mode === "grow" ? `key ${number} ${at}` : `key ${at}`,
    *work() {
      const [head] = yield [""];
      const next = mode === "add" ? Buffer.from(String(Number(head?.toString() ?? 0) + 1)) : value;
      return [
        { part: "", value: next },
        { part: "copy", value: mode === "grow" ? Buffer.alloc(5000, next) : next },
      ];
    },
  }));
  const record = { project: "shop", view: "orders", streamPosition: BigInt(number), lastUsed: 1n };
  try {
    await store.write(space, writings, record);
  } catch ({ code, message }) {
    console.log(JSON.stringify({ number, code, message }));
    break;
  }
  if (number === 1) console.log("writing");
}
await store.close();
